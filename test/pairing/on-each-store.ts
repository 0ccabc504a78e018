import { afterEach, beforeEach, describe, expect } from '@jest/globals'
import type {
  ApprovalOptions,
  AuditEntry,
  ConnectOutcome,
  DeviceAuthority,
  Grant,
  PairingLimits,
  PairingRequest,
  PairingStore,
  SilentOptions,
  Verification,
} from '../../lib/pairing/index.ts'
import type { LocalityVerdict } from '../../lib/locality/index.ts'
import { attemptOf, deviceIdOf, LIMITS, serviceFixture, STORES, type Fixture } from './service-fixture.ts'
import { remoteVerdict } from './verdicts.ts'

export type ServiceSetup = {
  silent?: SilentOptions
  approval?: ApprovalOptions
  limits?: Partial<PairingLimits>
}

/** The program itself, which may do everything. */
export const HOST = { kind: 'host', name: 'host' } as const
/** A client without a key that was local and knew the shared secret. */
export const SHARED_SECRET = { kind: 'shared-secret', scopes: ['operator.admin'] } as const

/** What the tests of one store work with. Everything is new for each test. */
export type Bench = {
  readonly fixture: Fixture
  readonly store: PairingStore
  /** The same store under a new service, as after a restart. */
  restarted(setup?: ServiceSetup): Fixture
  grantsOf(device: string): Promise<Grant[]>
  audit(): Promise<AuditEntry[]>
}

/** Runs the tests on the memory store and on SQLite. */
export function onEachStore(title: string, setup: ServiceSetup, tests: (bench: Bench) => void): void {
  describe.each(STORES)(`${title}, on the %s store`, (_name, open) => {
    let store: PairingStore
    let remove: () => void
    let fixture: Fixture
    const fixtureOf = ({ silent, approval, limits }: ServiceSetup): Fixture =>
      serviceFixture(store, silent, { ...LIMITS, ...limits }, approval)

    beforeEach(async () => {
      ;({ store, remove } = await open())
      fixture = fixtureOf(setup)
    })
    afterEach(async () => {
      await store.close()
      remove()
    })
    tests({
      get fixture() {
        return fixture
      },
      get store() {
        return store
      },
      restarted(other = setup) {
        const next = fixtureOf(other)
        next.clock.nowMs = fixture.clock.nowMs
        return next
      },
      grantsOf: (device) => store.transaction((tx) => tx.grants(deviceIdOf(device))),
      audit: () => store.transaction((tx) => tx.auditEntries({ after: 0, limit: 10_000 })),
    })
  })
}

/** A device that the host approved for good, and its authority from anywhere. */
export async function approvedOwner(
  { service, request }: Fixture,
  name: string,
  scopes: string[] = ['operator.admin'],
): Promise<DeviceAuthority> {
  const { id: requestId } = await request(name, 'operator', scopes)
  await service.approve(HOST, { requestId })
  await service.connect(attemptOf(name, 'operator', scopes, null))
  return { kind: 'device', deviceId: deviceIdOf(name), role: 'operator', scopes, silentHonoured: false }
}

/** A request whose device shows this code. */
export async function requestWithCode(
  { service }: Fixture,
  device: string,
  scopes: string[],
  code = '4821-0937',
): Promise<PairingRequest> {
  const attempt = attemptOf(device, 'operator', scopes, remoteVerdict)
  const verification: Verification = { commitment: 'c', gatewayNonce: 'n', role: 'operator', scopes, code }
  const outcome = await service.connect({ ...attempt, verification })
  if (outcome.kind !== 'waiting' || outcome.request === null) throw new Error(outcome.kind)
  return outcome.request
}

/** Connects with a device token. */
export function connectWithToken(
  { service }: Fixture,
  device: string,
  token: string | null,
  verdict: LocalityVerdict | null = null,
): Promise<ConnectOutcome> {
  return service.connect({ ...attemptOf(device, 'operator', [], verdict), token })
}

/** The error that a promise must reject with. */
export function refusal(
  code: string,
  details?: Readonly<Record<string, unknown>>,
): ReturnType<typeof expect.objectContaining> {
  return expect.objectContaining(
    details === undefined ? { code } : { code, details: expect.objectContaining(details) as unknown },
  )
}
