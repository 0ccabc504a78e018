import { expect, test } from '@jest/globals'
import {
  approvalPolicy,
  pairingService,
  scopeLattice,
  silentPolicy,
  type PairingStore,
} from '../../lib/pairing/index.ts'
import { memoryStore } from '../../lib/store/memory-store.ts'
import { HOST } from './on-each-store.ts'
import { attemptOf, LIMITS } from './service-fixture.ts'
import { remoteVerdict } from './verdicts.ts'

const DAY_MS = 24 * 60 * 60 * 1000

/** A gateway whose own clock is a day behind that of the store. */
function gateway() {
  const inner = memoryStore()
  const time = { own: DAY_MS, ofStore: 2 * DAY_MS }
  const store: PairingStore = {
    transaction: (work) =>
      inner.transaction((tx) => work({ ...tx, nowMs: () => Promise.resolve(time.ofStore) })),
    close: () => inner.close(),
  }
  const lattice = scopeLattice()
  const service = pairingService({
    store,
    lattice,
    silent: silentPolicy({}, lattice),
    approval: approvalPolicy({}, lattice),
    limits: LIMITS,
    clock: { now: () => time.own },
    auditSigner: null,
    onEvent: () => undefined,
  })
  return { service, time }
}

test('where the store has a clock, that one dates requests and ends them', async () => {
  const { service, time } = gateway()
  await service.connect(attemptOf('phone', 'operator', [], remoteVerdict))
  const [waiting] = (await service.list(HOST)).pending
  expect(waiting).toMatchObject({
    createdAtMs: time.ofStore,
    expiresAtMs: time.ofStore + LIMITS.requestTtlMs,
  })
  time.own += 7 * DAY_MS
  expect((await service.list(HOST)).pending).toHaveLength(1)
  time.ofStore += LIMITS.requestTtlMs
  expect((await service.list(HOST)).pending).toEqual([])
})

test('what ends a session is told by the clock of the process, which waits for it', async () => {
  const { service, time } = gateway()
  await service.connect(attemptOf('phone', 'operator', [], remoteVerdict))
  const [waiting] = (await service.list(HOST)).pending
  const { id = '', digest = '' } = waiting ?? {}
  await service.approve(HOST, { requestId: id, digest, expiresInMs: 5000 })
  const outcome = await service.connect(attemptOf('phone', 'operator', [], remoteVerdict))
  expect(outcome).toMatchObject({ kind: 'admitted', untilMs: time.own + 5000 })
})
