import type { AuditEntry } from './audit-entry.ts'
import { AUDIT_HEAD, isSignedBy, parseAuditHead, type AuditHead, type HeadSigner } from './audit-head.ts'
import type { AuditProblemKind } from './audit-report.ts'
import type { PairingTransaction } from './pairing-store.ts'

/**
 * The latest head, kept where whoever can write the store cannot: else an older end of the log could be put
 * back with the older head that was signed for it.
 */
export type HeadMemory = {
  /** `null`: none is kept for this gateway. */
  latest(gatewayId: string): AuditHead | null
  /** The same once more, if another process has kept a later one meanwhile; else `null`. */
  later(gatewayId: string): AuditHead | null
  /** Told after the commit. `isAccepted`: it replaces one that it does not go on from. Must not throw. */
  keep(gatewayId: string, head: AuditHead, isAccepted: boolean): void
}

/** Signs the end of the log, as long as it goes on from the last end that was signed. */
export type AuditSigner = HeadSigner & {
  /** `null`: no head is kept outside of the store. */
  readonly memory: HeadMemory | null
  /** The log was changed by somebody else, so its end is not signed until an owner accepts it. Must not throw. */
  onDoubt(doubt: AuditProblemKind): void
}

/**
 * What keeps us from signing what is added after `last`: a signature would vouch for entries that this gateway
 * has not written. `null`: nothing.
 */
export async function doubtOf(
  tx: PairingTransaction,
  signer: AuditSigner,
  gatewayId: string,
  last: AuditEntry | null,
): Promise<AuditProblemKind | null> {
  const known = signer.memory?.latest(gatewayId) ?? null
  // What we signed ourselves a moment ago, which is nearly always so.
  if (known !== null && known.seq === last?.seq && known.hash === last.hash) return null
  const text = await tx.setting(AUDIT_HEAD)
  if (last === null) return text === null && known === null ? null : 'truncated'
  const doubt = doubtOfHead(text, last, signer, gatewayId)
  if (doubt !== null || known === null || (await holds(tx, known))) return doubt
  const later = signer.memory?.later(gatewayId) ?? null
  if (later !== null && (await holds(tx, later))) return null
  return known.seq > last.seq ? 'truncated' : 'forked'
}

function doubtOfHead(
  text: string | null,
  last: AuditEntry,
  signer: AuditSigner,
  gatewayId: string,
): AuditProblemKind | null {
  if (text === null) return 'head-unsigned'
  const head = parseAuditHead(text)
  if (head === null || !isSignedBy(head, gatewayId, signer.publicKey)) return 'head-forged'
  if (head.seq > last.seq) return 'truncated'
  if (head.seq < last.seq) return 'inserted'
  return head.hash === last.hash ? null : 'forked'
}

async function holds(tx: PairingTransaction, head: AuditHead): Promise<boolean> {
  const [entry] = await tx.auditEntries({ after: head.seq - 1, limit: 1 })
  return entry?.seq === head.seq && entry.hash === head.hash
}
