import { randomUUID } from 'node:crypto'
import { LatchkeyError } from '../errors.ts'
import { actsForOthers, requireCurrent, requireScope, PAIRING_SCOPE, type Authority } from './authority.ts'
import { connectDevice, type ConnectAttempt, type ConnectOutcome } from './connect-device.ts'
import { approveRequest, rejectRequest, removeDevice } from './decide-request.ts'
import type { Device } from './device.ts'
import { expireRequests } from './file-request.ts'
import type { Grant } from './grant.ts'
import type { Clock, PairingContext, PairingEvent, PairingLimits } from './pairing-context.ts'
import type { PairingRequest } from './pairing-request.ts'
import type { PairingStore } from './pairing-store.ts'
import type { ScopeLattice } from './scopes.ts'
import type { SilentPolicy } from './silent-policy.ts'
import type { TokenRecord } from './token.ts'

/** Settled requests are kept for a day, so that a late or repeated decision gets a true answer. */
const KEEP_SETTLED_MS = 24 * 60 * 60 * 1000
const PAGE = 500
const TAINT = 'gateway-taint'

export type PairingServiceOptions = {
  readonly store: PairingStore
  readonly lattice: ScopeLattice
  readonly silent: SilentPolicy
  readonly limits: PairingLimits
  readonly clock: Clock
  /** Called after the commit, in order. Must not throw. */
  readonly onEvent: (event: PairingEvent) => void
}

/** A paired device with all that it holds. Never a token. */
export type PairedDevice = {
  readonly device: Device
  readonly grants: readonly Grant[]
  readonly tokens: readonly Pick<TokenRecord, 'role' | 'issuedAtMs'>[]
}

export type Pairings = {
  readonly pending: readonly PairingRequest[]
  readonly paired: readonly PairedDevice[]
}

/** The only writer of the store. Every method is one transaction; it answers after the commit. */
export type PairingService = {
  /** Names this gateway's store; made once. */
  gatewayId(): Promise<string>
  /** What is kept about the taint of this gateway; `null`: nothing. */
  taint(): Promise<string | null>
  putTaint(value: string | null): Promise<void>
  connect(attempt: ConnectAttempt): Promise<ConnectOutcome>
  list(authority: Authority): Promise<Pairings>
  approve(authority: Authority, requestId: string, digest?: string): Promise<PairedDevice>
  reject(authority: Authority, requestId: string): Promise<PairingRequest>
  remove(authority: Authority, deviceId: string): Promise<void>
  /** Ends requests whose time is over, and forgets what was settled long ago. */
  sweep(): Promise<void>
  /** With `silent.mode: 'window'`: pairs eligible clients silently for this long. 0 closes the window. */
  openWindow(durationMs: number): void
}

export function pairingService(options: PairingServiceOptions): PairingService {
  const { store, lattice, silent, limits, clock, onEvent } = options
  let windowEndsMs = 0

  async function run<T>(work: (context: PairingContext) => Promise<T>): Promise<T> {
    const events: PairingEvent[] = []
    const result = await store.transaction((tx) => {
      // A store may run the work again after a conflict.
      events.length = 0
      const nowMs = clock.now()
      return work({ tx, lattice, silent, limits, nowMs, windowOpen: nowMs < windowEndsMs, events })
    })
    for (const event of events) onEvent(event)
    return result
  }

  return {
    gatewayId: () => run(gatewayId),
    taint: () => run(async ({ tx }) => (await tx.setting(TAINT)) || null),
    putTaint: (value) => run(({ tx }) => tx.putSetting(TAINT, value ?? '')),
    connect: (attempt) =>
      run(async (context) => {
        await expireRequests(context)
        return connectDevice(context, attempt)
      }),
    list: (authority) =>
      run(async (context) => {
        await expireRequests(context)
        return listPairings(context, authority)
      }),
    approve: (authority, requestId, digest) =>
      run(async (context) => {
        await expireRequests(context)
        const request = await approveRequest(context, authority, requestId, digest)
        const device = await context.tx.device(request.deviceId)
        // Approved once, and removed since.
        if (device === null)
          throw new LatchkeyError('NOT_FOUND', 'this device was removed after the approval')
        return pairedDevice(context, device)
      }),
    reject: (authority, requestId) =>
      run(async (context) => {
        await expireRequests(context)
        return rejectRequest(context, authority, requestId)
      }),
    remove: (authority, deviceId) => run((context) => removeDevice(context, authority, deviceId)),
    sweep: () =>
      run(async (context) => {
        await expireRequests(context)
        await context.tx.deleteSettledRequests(context.nowMs - KEEP_SETTLED_MS)
      }),
    openWindow(durationMs) {
      windowEndsMs = clock.now() + durationMs
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

async function listPairings(context: PairingContext, authority: Authority): Promise<Pairings> {
  const { tx, lattice, limits } = context
  requireCurrent(lattice, authority, await tx.grants(authority.deviceId), context.nowMs)
  requireScope(lattice, authority.scopes, PAIRING_SCOPE)
  if (!actsForOthers(lattice, authority)) {
    const own = await tx.device(authority.deviceId)
    const pending = await tx.pendingRequestOf(authority.deviceId)
    return {
      pending: pending === null ? [] : [pending],
      paired: own === null ? [] : [await pairedDevice(context, own)],
    }
  }
  const paired: PairedDevice[] = []
  let page: Device[] = []
  do {
    page = await tx.devices({ after: page.at(-1)?.id, limit: PAGE })
    for (const device of page) paired.push(await pairedDevice(context, device))
  } while (page.length === PAGE)
  return { pending: await tx.pendingRequests(limits.maxPending), paired }
}

async function pairedDevice({ tx }: PairingContext, device: Device): Promise<PairedDevice> {
  const tokens = (await tx.tokens(device.id)).map(({ role, issuedAtMs }) => ({ role, issuedAtMs }))
  return { device, grants: await tx.grants(device.id), tokens }
}
