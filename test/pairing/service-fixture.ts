import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { LocalityVerdict } from '../../lib/locality/index.ts'
import {
  approvalPolicy,
  pairingService,
  scopeLattice,
  silentPolicy,
  type ApprovalOptions,
  type AuditSigner,
  type ConnectAttempt,
  type ConnectOutcome,
  type DeviceAuthority,
  type PairingEvent,
  type PairingLimits,
  type PairingRequest,
  type PairingService,
  type PairingStore,
  type SilentOptions,
} from '../../lib/pairing/index.ts'
import { memoryStore } from '../../lib/store/memory-store.ts'
import { localVerdict, remoteVerdict } from './verdicts.ts'

export type Fixture = {
  service: PairingService
  store: PairingStore
  events: PairingEvent[]
  clock: { nowMs: number }
  /** Connects a device; `verdict` as the gateway would pass it on. */
  connect: (
    device: string,
    role: string,
    scopes: string[],
    verdict?: LocalityVerdict | null,
  ) => Promise<ConnectOutcome>
  /** A device that waits, and its request. */
  request: (
    device: string,
    role: string,
    scopes: string[],
    verdict?: LocalityVerdict,
  ) => Promise<PairingRequest>
  /** A local device with these scopes, and its authority. */
  owner: (name?: string, scopes?: string[]) => Promise<DeviceAuthority>
}

export const LIMITS: PairingLimits = {
  requestTtlMs: 300_000,
  maxPending: 50,
  maxPendingPerPrefix: 5,
  maxRequestsPerDevice: 120,
  tokenTtlMs: 0,
  maxInvites: 3,
}

type Opener = readonly [string, () => Promise<{ store: PairingStore; remove: () => void }>]

const MEMORY: Opener = ['memory', () => Promise.resolve({ store: memoryStore(), remove: () => undefined })]
const SQLITE: Opener = [
  'SQLite',
  async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-service-'))
    const { sqliteStore } = await import('../../lib/store/sqlite-store.ts')
    const store = await sqliteStore(path.join(folder, 'latchkey.db'))
    return { store, remove: () => rmSync(folder, { recursive: true }) }
  },
]

/** What decides is the same on each; what asks for the quick one, such as mutation testing, gets that alone. */
export const STORES = process.env.LATCHKEY_TEST_STORES === 'memory' ? [MEMORY] : [MEMORY, SQLITE]

/** The same name always gives the same device id. */
export function deviceIdOf(name: string): string {
  return createHash('sha256').update(name).digest('hex')
}

export function attemptOf(
  name: string,
  role: string,
  scopes: string[],
  verdict: LocalityVerdict | null,
): ConnectAttempt {
  return {
    id: deviceIdOf(name),
    publicKey: randomBytes(32).toString('base64url'),
    claims: {
      displayName: name,
      platform: 'linux',
      deviceFamily: null,
      clientId: 'test',
      clientMode: 'test',
    },
    ask: { role, scopes: [...scopes].sort() },
    token: null,
    bootstrapToken: null,
    requiresToken: false,
    verdict,
    addressPrefix: verdict?.clientAddress ?? '127.0.0.1',
    requestId: randomUUID(),
    verification: null,
  }
}

export function serviceFixture(
  store: PairingStore,
  silent: SilentOptions = {},
  limits = LIMITS,
  approval: ApprovalOptions = {},
  auditSigner: AuditSigner | null = null,
): Fixture {
  const events: PairingEvent[] = []
  const clock = { nowMs: 1_000_000 }
  const lattice = scopeLattice()
  const service = pairingService({
    store,
    lattice,
    silent: silentPolicy(silent, lattice),
    approval: approvalPolicy(approval, lattice),
    limits,
    auditSigner,
    clock: { now: () => clock.nowMs },
    onEvent: (event) => events.push(event),
  })
  const fixture: Fixture = {
    service,
    store,
    events,
    clock,
    connect: (device, role, scopes, verdict = localVerdict) =>
      service.connect(attemptOf(device, role, scopes, verdict)),
    async request(device, role, scopes, verdict = remoteVerdict) {
      const outcome = await fixture.connect(device, role, scopes, verdict)
      if (outcome.kind !== 'waiting' || outcome.request === null)
        throw new Error(`${device} does not wait: ${outcome.kind}`)
      return outcome.request
    },
    async owner(name = 'owner', scopes = ['operator.admin']) {
      await fixture.connect(name, 'operator', scopes)
      return { kind: 'device', deviceId: deviceIdOf(name), role: 'operator', scopes, silentHonoured: true }
    },
  }
  return fixture
}
