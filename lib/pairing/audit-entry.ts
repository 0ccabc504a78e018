import { createHash } from 'node:crypto'

/** What is recorded. Part of the chain's format: names are never changed. */
export type AuditKind =
  | 'request-filed'
  | 'request-superseded'
  | 'request-expired'
  | 'request-approved'
  | 'request-half-approved'
  | 'request-rejected'
  | 'request-code-wrong'
  | 'requests-not-recorded'
  | 'silent-grant'
  | 'silent-grants-undone'
  | 'device-removed'
  | 'device-renamed'
  | 'device-ignored'
  | 'device-unignored'
  | 'token-rotated'
  | 'token-revoked'
  | 'token-reused'
  | 'invite-made'
  | 'invite-used'
  | 'invite-revoked'
  | 'taint-changed'
  | 'window-opened'
  | 'audit-accepted'

/** One recorded decision. Entries are only ever added; each carries the hash of the one before. */
export type AuditEntry = {
  /** 1, 2, 3, … without a gap. */
  readonly seq: number
  /** Milliseconds since the epoch. */
  readonly atMs: number
  /** What happened. */
  readonly kind: AuditKind
  /** Who decided, as `actorOf` names them; `gateway` for what nobody asked for. */
  readonly actor: string
  /** The device that it is about. */
  readonly deviceId: string | null
  /** JSON: what was decided and why. Never a secret. */
  readonly details: string
  /** Of the entry before; 64 zeros for the first. */
  readonly previousHash: string
  /** SHA-256, lower-case hex, of all of the above. */
  readonly hash: string
}

export const NO_ENTRY_HASH = '0'.repeat(64)

export function auditHash(entry: Omit<AuditEntry, 'hash'>): string {
  const { seq, atMs, kind, actor, deviceId, details, previousHash } = entry
  const content = JSON.stringify([
    'latchkey.audit.1',
    seq,
    atMs,
    kind,
    actor,
    deviceId,
    details,
    previousHash,
  ])
  return createHash('sha256').update(content, 'utf8').digest('hex')
}
