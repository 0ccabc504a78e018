import { randomUUID } from 'node:crypto'
import { LatchkeyError } from '../errors.ts'
import type { LocalityVerdict } from '../locality/verdict.ts'
import type { ApprovalPolicy } from './approval-policy.ts'
import { approveRequest, type ApprovalOutcome, type Decision } from './approve-request.ts'
import { listAudit, type AuditPage, type AuditSlice } from './list-audit.ts'
import type { AuditProblemKind } from './audit-report.ts'
import type { AuditSigner } from './audit-seal.ts'
import { auditTrail } from './audit-trail.ts'
import { actorOf, requireAdmin, type Authority } from './authority.ts'
import { renameDevice, revokeToken, rotateToken, undoSilentGrants, type Rotation } from './change-device.ts'
import { connectDevice, type ConnectAttempt, type ConnectOutcome } from './connect-device.ts'
import { ignoreRequest, listIgnored, rejectRequest, removeDevice, unignoreDevice } from './decide-request.ts'
import { keepEvents, noteTold, untoldEvents, type NumberedEvent } from './event-log.ts'
import { expireRequests } from './file-request.ts'
import { isLive, type Grant } from './grant.ts'
import type { Invite } from './invite.ts'
import { listPairings, ownDevice, pairedDevice, type PairedDevice, type Pairings } from './list-pairings.ts'
import {
  listInvites,
  makeInvite,
  revokeInvite,
  sweepInvites,
  type InviteAsk,
  type MadeInvite,
} from './manage-invites.ts'
import type { Clock, PairingContext, PairingEvent, PairingLimits } from './pairing-context.ts'
import type { PairingRequest, RoleAsk } from './pairing-request.ts'
import type { IgnoredDevice, PairingStore } from './pairing-store.ts'
import type { ScopeLattice } from './scopes.ts'
import type { SilentPolicy } from './silent-policy.ts'

/** So that a late or repeated decision gets a true answer. */
const KEEP_DECIDED_MS = 24 * 60 * 60 * 1000
/** Strangers can make these, so they are not kept for long. */
const KEEP_UNDECIDED_MS = 60 * 60 * 1000
/** Entries of the audit log that strangers can cause, in an hour. */
const STRANGERS_PER_HOUR = 500
const TAINT = 'gateway-taint'

export type PairingServiceOptions = {
  readonly store: PairingStore
  readonly lattice: ScopeLattice
  readonly silent: SilentPolicy
  readonly approval: ApprovalPolicy
  readonly limits: PairingLimits
  readonly clock: Clock
  /** Signs the end of the audit log; `null`: it stays unsigned. */
  readonly auditSigner: AuditSigner | null
  /** Called after the commit, in order. Should not throw: the decision stands, and nobody hears of the error. */
  readonly onEvent: (event: PairingEvent) => void
}

export type { AuditPage } from './list-audit.ts'

/** Why the gateway is tainted, and since when. */
export type TaintRecord = { readonly sinceMs: number; readonly why: string }

/** What became of an approval. */
export type Approval =
  | { readonly kind: 'approved'; readonly paired: PairedDevice }
  | { readonly kind: 'half-approved'; readonly request: PairingRequest }

/** The only writer of the store. Every method is one transaction; it answers after the commit. */
export type PairingService = {
  /** Names this gateway's store; made once. */
  gatewayId(): Promise<string>
  /** What is kept about the taint of this gateway; `null`: nothing. */
  taint(): Promise<string | null>
  /** @throws {LatchkeyError} FORBIDDEN for whoever is no admin */
  putTaint(authority: Authority, taint: TaintRecord | null): Promise<void>
  connect(attempt: ConnectAttempt): Promise<ConnectOutcome>
  /** Whether the device holds anything at all. */
  isPaired(deviceId: string): Promise<boolean>
  list(authority: Authority): Promise<Pairings>
  /** What the caller holds itself; `null`: it has no key of its own, or was removed. */
  self(authority: Authority): Promise<PairedDevice | null>
  /** @throws {LatchkeyError} also FORBIDDEN with `details.code` WRONG_CODE: three of them end the request */
  approve(authority: Authority, decision: Decision): Promise<Approval>
  reject(authority: Authority, requestId: string, reason?: string): Promise<PairingRequest>
  ignore(authority: Authority, requestId: string): Promise<PairingRequest>
  unignore(authority: Authority, deviceId: string): Promise<void>
  ignored(authority: Authority): Promise<IgnoredDevice[]>
  remove(authority: Authority, deviceId: string): Promise<void>
  rename(authority: Authority, deviceId: string, label: string): Promise<string>
  rotate(authority: Authority, token: { deviceId: string; role: string; scopes?: readonly string[] | undefined }): Promise<Rotation> // prettier-ignore
  /** Resolves with the time of the revocation. */
  revoke(authority: Authority, deviceId: string, role: string): Promise<number>
  undoSilent(authority: Authority, sinceMs: number): Promise<readonly Grant[]>
  invite(authority: Authority, ask: InviteAsk): Promise<MadeInvite>
  invites(authority: Authority): Promise<Invite[]>
  revokeInvite(authority: Authority, inviteId: string): Promise<void>
  /** A part of the audit log, for holders of `operator.admin`. */
  auditEntries(authority: Authority, page: AuditPage): Promise<AuditSlice>
  /** What keeps the end of the audit log from being signed; `null`: nothing, or there is no key. */
  auditDoubt(): Promise<AuditProblemKind | null>
  /** Has it signed from now on, although it was changed; resolves with what was wrong, `null`: nothing. */
  acceptAudit(authority: Authority): Promise<AuditProblemKind | null>
  /** Ends requests whose time is over, and forgets what was settled long ago. */
  sweep(): Promise<void>
  /** Tells what an earlier run of this gateway had committed and not told. */
  tellUntold(): Promise<void>
  /** Whether the policy would pair such a client silently, if it were a new device. */
  mayPairSilently(verdict: LocalityVerdict, ask: RoleAsk): boolean
  /**
   * With `silent.mode: 'window'`: pairs eligible clients silently for this long, from this very moment. 0 closes
   * the window. Resolves once it is recorded.
   */
  openWindow(durationMs: number): Promise<void>
}

export function pairingService(options: PairingServiceOptions): PairingService {
  const { store, lattice, silent, approval, limits, clock, onEvent, auditSigner } = options
  let windowEndsMs = 0
  let toldSeq = 0

  async function run<T>(work: (context: PairingContext) => Promise<T>): Promise<T> {
    const { result, kept, signed } = await store.transaction(async (tx) => {
      const nowMs = clock.now()
      const windowOpen = nowMs < windowEndsMs
      const audit = auditTrail(tx, nowMs, auditSigner, STRANGERS_PER_HOUR)
      const events: PairingEvent[] = []
      const result = await work({ tx, lattice, silent, approval, limits, nowMs, windowOpen, audit, events })
      return { result, kept: await keepEvents(tx, events, nowMs), signed: audit.signed }
    })
    if (signed !== null) auditSigner?.memory?.keep(signed.gatewayId, signed.head, signed.isAccepted)
    tell(kept)
    return result
  }

  function tell(events: readonly NumberedEvent[]): void {
    for (const { seq, event } of events) {
      try {
        if (event !== null) onEvent(event)
      } catch {
        // It is committed: one event that cannot be told neither undoes it nor keeps back the next.
      }
      toldSeq = Math.max(toldSeq, seq)
    }
  }

  /** Whoever sees requests, or decides on them, sees none whose time is over. */
  const runFresh = <T>(work: (context: PairingContext) => Promise<T>): Promise<T> =>
    run(async (context) => {
      await expireRequests(context)
      return work(context)
    })

  return {
    gatewayId: () => run(gatewayId),
    taint: () => run(async ({ tx }) => (await tx.setting(TAINT)) || null),
    putTaint: (authority, taint) =>
      run(async (context) => {
        const { tx, audit } = context
        await requireAdmin(context, authority)
        await tx.putSetting(TAINT, taint === null ? '' : JSON.stringify(taint))
        await audit.record('taint-changed', actorOf(authority), null, { taint })
      }),
    connect: (attempt) => runFresh((context) => connectDevice(context, attempt)),
    isPaired: (deviceId) =>
      run(async ({ tx, nowMs }) => (await tx.grants(deviceId)).some((grant) => isLive(grant, nowMs))),
    list: (authority) => runFresh((context) => listPairings(context, authority)),
    self: (authority) => run((context) => ownDevice(context, authority)),
    async approve(authority, decision) {
      const outcome = await runFresh(async (context) => {
        const approved = await approveRequest(context, authority, decision)
        return { approved, paired: await approvedDevice(context, approved) }
      })
      return approvalOf(outcome.approved, outcome.paired)
    },
    reject: (authority, requestId, reason) =>
      runFresh((context) => rejectRequest(context, authority, requestId, reason)),
    ignore: (authority, requestId) => runFresh((context) => ignoreRequest(context, authority, requestId)),
    unignore: (authority, deviceId) => run((context) => unignoreDevice(context, authority, deviceId)),
    ignored: (authority) => run((context) => listIgnored(context, authority)),
    remove: (authority, deviceId) => run((context) => removeDevice(context, authority, deviceId)),
    rename: (authority, deviceId, label) =>
      run((context) => renameDevice(context, authority, deviceId, label)),
    rotate: (authority, token) => run((context) => rotateToken(context, authority, token)),
    revoke: (authority, deviceId, role) => run((context) => revokeToken(context, authority, deviceId, role)),
    undoSilent: (authority, sinceMs) => run((context) => undoSilentGrants(context, authority, sinceMs)),
    invite: (authority, ask) => run((context) => makeInvite(context, authority, ask)),
    invites: (authority) => run((context) => listInvites(context, authority)),
    revokeInvite: (authority, inviteId) => run((context) => revokeInvite(context, authority, inviteId)),
    auditEntries: (authority, page) =>
      run(async (context) => {
        await requireAdmin(context, authority)
        return listAudit(context, page)
      }),
    auditDoubt: () => run(({ audit }) => audit.doubt()),
    acceptAudit: (authority) =>
      run(async (context) => {
        await requireAdmin(context, authority)
        return context.audit.accept(actorOf(authority))
      }),
    sweep: () =>
      runFresh(async (context) => {
        const { tx, nowMs } = context
        await tx.deleteSettledRequests(['approved', 'rejected'], nowMs - KEEP_DECIDED_MS)
        await tx.deleteSettledRequests(['superseded', 'expired'], nowMs - KEEP_UNDECIDED_MS)
        await sweepInvites(context)
        await tx.deleteExpiredGrants(nowMs - KEEP_DECIDED_MS)
        await context.audit.recordLeftOut()
        await noteTold(tx, toldSeq)
      }),
    async tellUntold() {
      for (;;) {
        const untold = await run(({ tx }) => untoldEvents(tx))
        if (untold.length === 0) return
        tell(untold)
        await run(({ tx }) => noteTold(tx, toldSeq))
      }
    },
    mayPairSilently: (verdict, ask) => silent.allows(verdict, 'not-paired', ask, clock.now() < windowEndsMs),
    openWindow(durationMs) {
      windowEndsMs = clock.now() + durationMs
      return run(({ audit }) => audit.record('window-opened', 'host', null, { durationMs }))
    },
  }
}

async function gatewayId({ tx }: PairingContext): Promise<string> {
  const known = await tx.setting('gateway-id')
  if (known !== null) return known
  const made = randomUUID()
  await tx.putSetting('gateway-id', made)
  return made
}

async function approvedDevice(
  context: PairingContext,
  outcome: ApprovalOutcome,
): Promise<PairedDevice | null> {
  if (outcome.kind !== 'approved') return null
  const device = await context.tx.device(outcome.request.deviceId)
  return device === null ? null : pairedDevice(context, device)
}

function approvalOf(outcome: ApprovalOutcome, paired: PairedDevice | null): Approval {
  if (outcome.kind === 'half-approved') return outcome
  if (outcome.kind === 'wrong-code') {
    const { attemptsLeft } = outcome.problem
    const then = attemptsLeft === 0 ? 'The request was rejected' : `${attemptsLeft} more and it is rejected`
    throw new LatchkeyError('FORBIDDEN', `this is not the code that the device shows. ${then}.`, {
      details: { code: 'WRONG_CODE', attemptsLeft },
    })
  }
  // Approved once, and removed since.
  if (paired === null) throw new LatchkeyError('NOT_FOUND', 'this device was removed after the approval')
  return { kind: 'approved', paired }
}
