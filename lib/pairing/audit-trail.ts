import { auditHash, NO_ENTRY_HASH, type AuditEntry, type AuditKind } from './audit-entry.ts'
import type { PairingTransaction } from './pairing-store.ts'

/** Where the signed end of the chain is kept, as JSON of `AuditHead`. */
export const AUDIT_HEAD = 'audit-head'

const HOUR_MS = 60 * 60 * 1000

/** The end of the chain, signed: what is cut off behind it does not fit any more. */
export type AuditHead = {
  readonly seq: number
  readonly hash: string
  readonly atMs: number
  /** Raw Ed25519 public key, base64url. */
  readonly publicKey: string
  /** Over `auditHeadText`, base64url. */
  readonly signature: string
}

/** Signs the end of the chain. Synchronous: it runs inside transactions. */
export type HeadSigner = {
  /** Raw Ed25519 public key, base64url. */
  readonly publicKey: string
  /** base64url */
  sign(text: string): string
}

/** What is recorded in a transaction: in the same commit as the decision itself. */
export type AuditTrail = {
  /** @param actor as `actorOf` names them; `gateway` for what nobody asked for */
  record(kind: AuditKind, actor: string, deviceId: string | null, details: object): Promise<void>
  /** The same for what strangers can cause: beyond a number in an hour they are counted, not kept. */
  recordWithinBudget(kind: AuditKind, actor: string, deviceId: string | null, details: object): Promise<void>
}

/** How much strangers may write into the log. */
export type AuditBudget = { startedAtMs: number; spent: number; dropped: number; readonly perHour: number }

export function auditBudget(perHour: number): AuditBudget {
  return { startedAtMs: -Infinity, spent: 0, dropped: 0, perHour }
}

export function auditHeadText(gatewayId: string, seq: number, hash: string, atMs: number): string {
  return JSON.stringify(['latchkey.audit-head.1', gatewayId, seq, hash, atMs])
}

export function auditTrail(
  tx: PairingTransaction,
  nowMs: number,
  signer: HeadSigner | null,
  budget: AuditBudget,
): AuditTrail {
  const trail: AuditTrail = {
    async record(kind, actor, deviceId, details) {
      const last = await tx.lastAuditEntry()
      const content: Omit<AuditEntry, 'hash'> = {
        seq: (last?.seq ?? 0) + 1,
        atMs: nowMs,
        kind,
        actor,
        deviceId,
        details: JSON.stringify(details),
        previousHash: last?.hash ?? NO_ENTRY_HASH,
      }
      const entry: AuditEntry = { ...content, hash: auditHash(content) }
      await tx.addAuditEntry(entry)
      if (signer !== null) await putHead(tx, entry, signer)
    },
    async recordWithinBudget(kind, actor, deviceId, details) {
      if (nowMs - budget.startedAtMs >= HOUR_MS) {
        const { dropped } = budget
        Object.assign(budget, { startedAtMs: nowMs, spent: 0, dropped: 0 })
        if (dropped > 0) await trail.record('requests-not-recorded', 'gateway', null, { count: dropped })
      }
      if (budget.spent >= budget.perHour) {
        budget.dropped += 1
        return
      }
      budget.spent += 1
      await trail.record(kind, actor, deviceId, details)
    },
  }
  return trail
}

async function putHead(tx: PairingTransaction, entry: AuditEntry, signer: HeadSigner): Promise<void> {
  const gatewayId = (await tx.setting('gateway-id')) ?? ''
  const { seq, hash, atMs } = entry
  const signature = signer.sign(auditHeadText(gatewayId, seq, hash, atMs))
  const head: AuditHead = { seq, hash, atMs, publicKey: signer.publicKey, signature }
  await tx.putSetting(AUDIT_HEAD, JSON.stringify(head))
}
