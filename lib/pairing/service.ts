import { randomUUID } from 'node:crypto'
import type { LocalityVerdict } from '../locality/verdict.ts'
import type { ApprovalPolicy } from './approval-policy.ts'
import { approvalOf, approvedDevice, type Approval } from './approval.ts'
import { approveRequest, type Decision } from './approve-request.ts'
import type { AuditEntry } from './audit-entry.ts'
import { auditBudget, auditTrail, type AuditBudget, type HeadSigner } from './audit-trail.ts'
import { authenticate, type Authentication, type Credentials } from './authenticate.ts'
import { ADMIN_SCOPE, requireCurrent, requireScope, type Authority } from './authority.ts'
import { renameDevice, revokeToken, rotateToken, undoSilentGrants, type Rotation } from './change-device.ts'
import { connectDevice, type ConnectAttempt, type ConnectOutcome } from './connect-device.ts'
import { ignoreRequest, listIgnored, rejectRequest, removeDevice, unignoreDevice } from './decide-request.ts'
import { keepEvents, noteTold, untoldEvents, type NumberedEvent } from './event-log.ts'
import { expireRequests } from './file-request.ts'
import type { Grant } from './grant.ts'
import type { Invite } from './invite.ts'
import {
  listDevices,
  listPending,
  showDevice,
  showRequest,
  type DevicePage,
  type ListedDevices,
  type ListedRequests,
  type RequestPage,
} from './list-pages.ts'
import { listPairings, type PairedDevice, type Pairings } from './list-pairings.ts'
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
  readonly auditSigner: HeadSigner | null
  /** Called after the commit, in order. Must not throw. */
  readonly onEvent: (event: PairingEvent) => void
}

/** The only writer of the store. Every method is one transaction; it answers after the commit. */
export type PairingService = {
  /** Names this gateway's store; made once. */
  gatewayId(): Promise<string>
  /** What is kept about the taint of this gateway; `null`: nothing. */
  taint(): Promise<string | null>
  putTaint(value: string | null): Promise<void>
  connect(attempt: ConnectAttempt): Promise<ConnectOutcome>
  /** Who a call over HTTP acts as: a device that has proved its key, by its token. */
  authenticate(credentials: Credentials): Promise<Authentication>
  list(authority: Authority): Promise<Pairings>
  listDevices(authority: Authority, page: DevicePage): Promise<ListedDevices>
  listPending(authority: Authority, page: RequestPage): Promise<ListedRequests>
  device(authority: Authority, deviceId: string): Promise<PairedDevice>
  /** Whatever became of it. */
  request(authority: Authority, requestId: string): Promise<PairingRequest>
  /**
   * The same service, of which every call first runs `check` in its own transaction, and does nothing when that
   * throws. `check` reads with the service that it is given.
   */
  onlyIf(check: (now: PairingService) => Promise<void>): PairingService
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
  /** By seq, ascending, those after `after`; for holders of `operator.admin`. */
  auditEntries(authority: Authority, page: { after: number; limit: number }): Promise<AuditEntry[]>
  /** Ends requests whose time is over, and forgets what was settled long ago. */
  sweep(): Promise<void>
  /** Tells what an earlier run of this gateway had committed and not told. */
  tellUntold(): Promise<void>
  /** Whether the policy would pair such a client silently, if it were a new device. */
  mayPairSilently(verdict: LocalityVerdict, ask: RoleAsk): boolean
  /** With `silent.mode: 'window'`: pairs eligible clients silently for this long. 0 closes the window. */
  openWindow(durationMs: number): void
}

/** What all views of one service share. */
type ServiceState = { readonly budget: AuditBudget; windowEndsMs: number; toldSeq: number }

/** Where a view works: in a transaction that is under way, or in ones of its own that begin with a check. */
type ServiceView = {
  readonly within?: PairingContext
  readonly check?: (now: PairingService) => Promise<void>
}

export function pairingService(
  options: PairingServiceOptions,
  state: ServiceState = { budget: auditBudget(STRANGERS_PER_HOUR), windowEndsMs: 0, toldSeq: 0 },
  { within, check }: ServiceView = {},
): PairingService {
  const { store, lattice, silent, approval, limits, clock, onEvent, auditSigner } = options

  async function run<T>(work: (context: PairingContext) => Promise<T>): Promise<T> {
    if (within !== undefined) return work(within)
    const { result, kept } = await store.transaction(async (tx) => {
      const nowMs = clock.now()
      const windowOpen = nowMs < state.windowEndsMs
      const audit = auditTrail(tx, nowMs, auditSigner, state.budget)
      const events: PairingEvent[] = []
      const context = { tx, lattice, silent, approval, limits, nowMs, windowOpen, audit, events }
      await check?.(pairingService(options, state, { within: context }))
      const result = await work(context)
      return { result, kept: await keepEvents(tx, events, nowMs) }
    })
    tell(kept)
    return result
  }

  function tell(events: readonly NumberedEvent[]): void {
    for (const { seq, event } of events) {
      onEvent(event)
      state.toldSeq = Math.max(state.toldSeq, seq)
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
    putTaint: (value) =>
      run(async ({ tx, audit }) => {
        await tx.putSetting(TAINT, value ?? '')
        await audit.record('taint-changed', 'gateway', null, { taint: value })
      }),
    connect: (attempt) => runFresh((context) => connectDevice(context, attempt)),
    authenticate: (credentials) => run((context) => authenticate(context, credentials)),
    list: (authority) => runFresh((context) => listPairings(context, authority)),
    listDevices: (authority, page) => run((context) => listDevices(context, authority, page)),
    listPending: (authority, page) => runFresh((context) => listPending(context, authority, page)),
    device: (authority, deviceId) => run((context) => showDevice(context, authority, deviceId)),
    request: (authority, requestId) => runFresh((context) => showRequest(context, authority, requestId)),
    onlyIf: (condition) => pairingService(options, state, { check: condition }),
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
        await requireCurrent(context, authority)
        requireScope(lattice, authority, ADMIN_SCOPE)
        return context.tx.auditEntries(page)
      }),
    sweep: () =>
      runFresh(async (context) => {
        const { tx, nowMs } = context
        await tx.deleteSettledRequests(['approved', 'rejected'], nowMs - KEEP_DECIDED_MS)
        await tx.deleteSettledRequests(['superseded', 'expired'], nowMs - KEEP_UNDECIDED_MS)
        await sweepInvites(context)
        await noteTold(tx, state.toldSeq)
      }),
    async tellUntold() {
      for (;;) {
        const untold = await run(({ tx }) => untoldEvents(tx))
        if (untold.length === 0) return
        tell(untold)
        await run(({ tx }) => noteTold(tx, state.toldSeq))
      }
    },
    mayPairSilently: (verdict, ask) =>
      silent.allows(verdict, 'not-paired', ask, clock.now() < state.windowEndsMs),
    openWindow(durationMs) {
      state.windowEndsMs = clock.now() + durationMs
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
