import { randomUUID } from 'node:crypto'
import type { ApprovalPolicy } from './approval-policy.ts'
import { approvalOf, approvedDevice } from './approval.ts'
import { approveRequest } from './approve-request.ts'
import type { AuditSigner } from './audit-seal.ts'
import { auditTrail } from './audit-trail.ts'
import { authenticate } from './authenticate.ts'
import { actorOf, requireAdmin } from './authority.ts'
import { renameDevice, revokeToken, rotateToken, undoSilentGrants } from './change-device.ts'
import { connectDevice, type ConnectAttempt } from './connect-device.ts'
import { ignoreRequest, listIgnored, rejectRequest, removeDevice, unignoreDevice } from './decide-request.ts'
import { keepDoctorRun, lastDoctorRun } from './doctor-run.ts'
import { eventFeed, type EventFeed } from './event-feed.ts'
import { keepEvents, sweepEvents } from './event-log.ts'
import { expireRequests } from './file-request.ts'
import { isLive } from './grant.ts'
import { listAudit } from './list-audit.ts'
import { listDevices, listPending, showDevice, showRequest } from './list-pages.ts'
import { deviceNames, recentDevices } from './list-recent.ts'
import { listPairings, ownDevice } from './list-pairings.ts'
import { listInvites, makeInvite, revokeInvite, sweepInvites } from './manage-invites.ts'
import type { Clock, PairingContext, PairingEvent, PairingLimits } from './pairing-context.ts'
import { nodeRegistry, type NodeIdentity, type Registry } from './node-registry.ts'
import type { PairingService } from './pairing-service.ts'
import type { NodeRecord, PairingStore, TransactionHint } from './pairing-store.ts'
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
  /** This gateway among those that use the store. Default: one that is alone. */
  readonly node?: NodeIdentity
  /** True for a node whose process has certainly ended, so that nobody has to wait for its signs of life. */
  readonly isGone?: (node: NodeRecord) => boolean
  /** How long events are kept for nodes that lag behind. Default: until they were told. */
  readonly keepEventsMs?: number
  /**
   * Called after the commit, in order, by this node alone unless it dies before. Should not throw: the decision
   * stands, and nobody hears of the error.
   */
  readonly onEvent: (event: PairingEvent) => void
  /** The same for what every node has committed, with its number. */
  readonly onApply?: (event: PairingEvent, seq: number) => void
  /** Some of that was missed. */
  readonly onGap?: () => void
}

/** What all views of one service share. */
type ServiceState = { windowEndsMs: number; readonly feed: EventFeed; readonly registry: Registry }

/** Where a view works: in a transaction that is under way, or in ones of its own that begin with a check. */
type ServiceView = {
  readonly within?: PairingContext
  readonly check?: (now: PairingService) => Promise<void>
}

const ALONE: NodeIdentity = { id: 'node', host: '', pid: 0 }

export function pairingService(
  options: PairingServiceOptions,
  state: ServiceState = stateOf(options),
  { within, check }: ServiceView = {},
): PairingService {
  const { store, lattice, silent, approval, limits, clock, auditSigner, node = ALONE } = options
  const { feed, registry } = state

  async function run<T>(work: (context: PairingContext) => Promise<T>, hint?: TransactionHint): Promise<T> {
    if (within !== undefined) return work(within)
    const { result, kept, signed } = await store.transaction(async (tx) => {
      const nowMs = (await tx.nowMs()) ?? clock.now()
      // The window is this process's own, and so is the clock that closes it.
      const windowOpen = clock.now() < state.windowEndsMs
      const audit = auditTrail(tx, nowMs, auditSigner, STRANGERS_PER_HOUR)
      const events: PairingEvent[] = []
      const { id, host } = node
      const self = { host, node: { id, hasCompany: registry.hasCompany } }
      const context = { tx, lattice, silent, approval, limits, nowMs, windowOpen, ...self, audit, events }
      await check?.(pairingService(options, state, { within: context }))
      const result = await work(context)
      return { result, kept: await keepEvents(tx, id, events, nowMs), signed: audit.signed }
    }, hint)
    if (signed !== null) auditSigner?.memory?.keep(signed.gatewayId, signed.head, signed.isAccepted)
    feed.committed(kept)
    return result
  }

  /** Whoever sees requests, or decides on them, sees none whose time is over. */
  const runFresh = <T>(work: (context: PairingContext) => Promise<T>, hint?: TransactionHint): Promise<T> =>
    run(async (context) => {
      await expireRequests(context)
      return work(context)
    }, hint)

  return {
    gatewayId: () => run(gatewayId),
    taint: () => run(async ({ tx }) => (await tx.setting(TAINT)) || null),
    putTaint: (authority, taint) =>
      run(async (context) => {
        const { tx, audit, events } = context
        await requireAdmin(context, authority)
        await tx.putSetting(TAINT, taint === null ? '' : JSON.stringify(taint))
        await audit.record('taint-changed', actorOf(authority), null, { taint })
        events.push({ kind: 'tainted', taint })
      }),
    keepDoctorRun: (authority, found) => run((context) => keepDoctorRun(context, authority, found)),
    lastDoctorRun: (authority) => run((context) => lastDoctorRun(context, authority)),
    connect: (attempt) =>
      runFresh(async (context) => {
        const outcome = await connectDevice(context, attempt)
        if (outcome.kind !== 'admitted') return outcome
        const { untilMs } = outcome
        return {
          ...outcome,
          // What was revoked before does not count against it, whenever this node hears of it.
          atSeq: registry.hasCompany ? await context.tx.lastEventSeq() : feed.seq,
          // The end of the session is waited for by the clock of the process.
          untilMs: untilMs === null ? null : untilMs + clock.now() - context.nowMs,
        }
      }, hintOf(attempt)),
    authenticate: (credentials) =>
      run((context) => authenticate(context, credentials), { device: credentials.deviceId }),
    isPaired: (deviceId) =>
      run(async ({ tx, nowMs }) => (await tx.grants(deviceId)).some((grant) => isLive(grant, nowMs))),
    list: (authority) => runFresh((context) => listPairings(context, authority)),
    listDevices: (authority, page) => run((context) => listDevices(context, authority, page)),
    recentDevices: (authority, page) => run((context) => recentDevices(context, authority, page)),
    deviceNames: (authority, deviceIds) => run((context) => deviceNames(context, authority, deviceIds)),
    countPending: () => run(({ tx }) => tx.countPending()),
    listPending: (authority, page) => runFresh((context) => listPending(context, authority, page)),
    device: (authority, deviceId) => run((context) => showDevice(context, authority, deviceId)),
    self: (authority) => run((context) => ownDevice(context, authority)),
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
        await tx.forgetRemembered(nowMs)
        await registry.note(tx, feed.seq)
        await sweepEvents(tx, nowMs - (options.keepEventsMs ?? -1))
      }).then(() => registry.committed()),
    async tellUntold() {
      const told = await run(async ({ tx }) => (await tx.nodes()).find(({ id }) => id === node.id)?.toldSeq)
      await feed.tellOf(node.id, told ?? 0)
      await feed.start()
      await run(({ tx }) => registry.note(tx, feed.seq))
      registry.committed()
    },
    catchUp: () => feed.catchUp(),
    async beat(connected, nowMs) {
      const dead = await run(({ tx }) => registry.beat(tx, { toldSeq: feed.seq, connected, nowMs }))
      registry.committed()
      for (const { id, toldSeq } of dead) {
        await feed.tellOf(id, toldSeq)
        await run(({ tx }) => tx.deleteNode(id))
      }
    },
    get hasCompany() {
      return registry.hasCompany
    },
    leave: () => run(({ tx }) => tx.deleteNode(node.id)),
    mayPairSilently: (verdict, ask) =>
      silent.allows(verdict, 'not-paired', ask, clock.now() < state.windowEndsMs),
    openWindow(durationMs) {
      state.windowEndsMs = clock.now() + durationMs
      return run(({ audit }) => audit.record('window-opened', 'host', null, { durationMs }))
    },
  }
}

/** Who comes with a token and nothing else is most likely a device that is paired already. */
function hintOf({ id, token, bootstrapToken }: ConnectAttempt): TransactionHint | undefined {
  return token !== null && bootstrapToken === null ? { device: id } : undefined
}

function stateOf(options: PairingServiceOptions): ServiceState {
  const { store, node = ALONE, onEvent, onApply, onGap } = options
  const feed = eventFeed({
    node: node.id,
    read: (work) => store.transaction(work),
    onApply: onApply ?? (() => undefined),
    onTell: onEvent,
    onGap: onGap ?? (() => undefined),
  })
  const registry = nodeRegistry(node, store.isShared === true, options.isGone ?? (() => false))
  return { windowEndsMs: 0, feed, registry }
}

async function gatewayId({ tx }: PairingContext): Promise<string> {
  const known = await tx.setting('gateway-id')
  if (known !== null) return known
  const made = randomUUID()
  await tx.putSetting('gateway-id', made)
  return made
}
