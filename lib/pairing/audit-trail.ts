import { auditHash, NO_ENTRY_HASH, type AuditEntry, type AuditKind } from './audit-entry.ts'
import { auditBudget } from './audit-budget.ts'
import { AUDIT_HEAD, signHead, type AuditHead } from './audit-head.ts'
import type { AuditProblemKind } from './audit-report.ts'
import { doubtOf, type AuditSigner } from './audit-seal.ts'
import type { PairingTransaction } from './pairing-store.ts'

/** What is recorded in a transaction: in the same commit as the decision itself. */
export type AuditTrail = {
  /** @param actor as `actorOf` names them; `gateway` for what nobody asked for */
  record(kind: AuditKind, actor: string, deviceId: string | null, details: object): Promise<void>
  /** The same for what strangers can cause: beyond a number in an hour they are counted, not kept. */
  recordWithinBudget(kind: AuditKind, actor: string, deviceId: string | null, details: object): Promise<void>
  /** Records how many were left out, once their hour is over. */
  recordLeftOut(): Promise<void>
  /** What keeps the end of the log from being signed; `null`: nothing, or there is no key. */
  doubt(): Promise<AuditProblemKind | null>
  /** Signs what is there from now on, whatever came before, and says so in the log. */
  accept(actor: string): Promise<AuditProblemKind | null>
  /** What was signed here, to be remembered after the commit. */
  readonly signed: SignedHead | null
}

export type SignedHead = {
  readonly gatewayId: string
  readonly head: AuditHead
  /** It need not go on from the one before. */
  readonly isAccepted: boolean
}

/** @param strangersPerHour entries that strangers can cause in an hour */
export function auditTrail(
  tx: PairingTransaction,
  nowMs: number,
  signer: AuditSigner | null,
  strangersPerHour: number,
): AuditTrail {
  const budget = auditBudget(tx, nowMs, strangersPerHour)
  let signed: SignedHead | null = null

  async function append(
    kind: AuditKind,
    actor: string,
    deviceId: string | null,
    details: object,
    isAccepted: boolean,
  ): Promise<void> {
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
    const doubt = isAccepted ? null : await doubtAfter(last)
    await tx.addAuditEntry(entry)
    if (signer === null) return
    if (doubt === null) await putHead(signer, entry, isAccepted)
    else signer.onDoubt(doubt)
  }

  async function doubtAfter(last: AuditEntry | null): Promise<AuditProblemKind | null> {
    if (signer === null || (signed !== null && signed.head.hash === last?.hash)) return null
    return doubtOf(tx, signer, await gatewayIdOf(tx), last)
  }

  async function putHead(by: AuditSigner, entry: AuditEntry, isAccepted: boolean): Promise<void> {
    const gatewayId = await gatewayIdOf(tx)
    const head = signHead(by, gatewayId, entry)
    await tx.putSetting(AUDIT_HEAD, JSON.stringify(head))
    signed = { gatewayId, head, isAccepted: isAccepted || signed?.isAccepted === true }
  }

  const trail: AuditTrail = {
    get signed() {
      return signed
    },
    record: (kind, actor, deviceId, details) => append(kind, actor, deviceId, details, false),
    async recordWithinBudget(kind, actor, deviceId, details) {
      await trail.recordLeftOut()
      if (await budget.spend()) await trail.record(kind, actor, deviceId, details)
    },
    async recordLeftOut() {
      const count = await budget.takeLeftOut()
      if (count > 0) await trail.record('requests-not-recorded', 'gateway', null, { count })
    },
    doubt: async () => doubtAfter(await tx.lastAuditEntry()),
    async accept(actor) {
      const last = await tx.lastAuditEntry()
      const doubt = await doubtAfter(last)
      if (signer === null || doubt === null) return null
      const kept = signer.memory?.latest(await gatewayIdOf(tx)) ?? null
      const remembered = kept === null ? null : { seq: kept.seq, hash: kept.hash }
      await append('audit-accepted', actor, null, { doubt, remembered }, true)
      return doubt
    },
  }
  return trail
}

async function gatewayIdOf(tx: PairingTransaction): Promise<string> {
  return (await tx.setting('gateway-id')) ?? ''
}
