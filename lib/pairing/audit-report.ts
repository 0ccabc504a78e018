import type { AuditHead } from './audit-head.ts'

/** What can be wrong with an audit log. */
export type AuditProblemKind =
  /** The content of an entry is not what its hash, or the one after it, stands for; or cannot be read. */
  | 'changed'
  /** An entry is missing in the middle. */
  | 'dropped'
  /** An entry stands where none was. */
  | 'inserted'
  /** Entries stand in another order. */
  | 'reordered'
  /** The end is missing: a head was signed for more than there is, or the head itself is gone. */
  | 'truncated'
  /** The log goes another way than the one that a head was signed for. */
  | 'forked'
  /** Nobody signed the end. */
  | 'head-unsigned'
  /** The signature is wrong, or by a key that is not the trusted one. */
  | 'head-forged'

export type AuditProblem = {
  readonly kind: AuditProblemKind
  /** The entry that it begins with; `null` for what is wrong with a head alone. */
  readonly seq: number | null
  /** In words. */
  readonly saw: string
}

export type AuditReport = {
  readonly ok: boolean
  /** How many were looked at: all. */
  readonly entries: number
  /** The last one that could be read. */
  readonly last: { readonly seq: number; readonly hash: string } | null
  /** The head in the store, as far as it can be read. */
  readonly head: AuditHead | null
  /** The head that was kept elsewhere, as far as it can be read. */
  readonly remembered: AuditHead | null
  /** The first that is wrong with the entries, with the head, and with the remembered head, in this order. */
  readonly problems: readonly AuditProblem[]
}

/** What the entries are held against. */
export type AuditEvidence = {
  /** Of the store. */
  readonly gatewayId: string
  /** The setting `audit-head`; `null`: there is none. */
  readonly storedHead: string | null
  /** The text of a head that was kept elsewhere, as JSON with its `gatewayId`; `null`: there is none. */
  readonly remembered: string | null
  /** Raw Ed25519 public key, base64url; `null`: none is trusted. */
  readonly trustedKey: string | null
}
