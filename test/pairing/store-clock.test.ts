import { expect, test } from '@jest/globals'
import type { PairingStore } from '../../lib/pairing/index.ts'
import { memoryStore } from '../../lib/store/memory-store.ts'
import { HOST } from './on-each-store.ts'
import { attemptOf, LIMITS } from './service-fixture.ts'
import { nodeOn } from './several-nodes.ts'
import { remoteVerdict } from './verdicts.ts'

const DAY_MS = 24 * 60 * 60 * 1000

/** A gateway whose own clock is a day behind that of the store. */
function gateway() {
  const inner = memoryStore()
  const time = { ofStore: 2 * DAY_MS }
  const store: PairingStore = {
    transaction: (work) =>
      inner.transaction((tx) => work({ ...tx, nowMs: () => Promise.resolve(time.ofStore) })),
    close: () => inner.close(),
  }
  const { service, clock } = nodeOn(store, 'here')
  clock.nowMs = DAY_MS
  return { service, clock, time }
}

test('where the store has a clock, that one dates requests and ends them', async () => {
  const { service, clock, time } = gateway()
  await service.connect(attemptOf('phone', 'operator', [], remoteVerdict))
  const [waiting] = (await service.list(HOST)).pending
  expect(waiting).toMatchObject({
    createdAtMs: time.ofStore,
    expiresAtMs: time.ofStore + LIMITS.requestTtlMs,
  })
  clock.nowMs += 7 * DAY_MS
  expect((await service.list(HOST)).pending).toHaveLength(1)
  time.ofStore += LIMITS.requestTtlMs
  expect((await service.list(HOST)).pending).toEqual([])
})

test('what ends a session is told by the clock of the process, which waits for it', async () => {
  const { service, clock } = gateway()
  await service.connect(attemptOf('phone', 'operator', [], remoteVerdict))
  const [waiting] = (await service.list(HOST)).pending
  const { id = '', digest = '' } = waiting ?? {}
  await service.approve(HOST, { requestId: id, digest, expiresInMs: 5000 })
  const outcome = await service.connect(attemptOf('phone', 'operator', [], remoteVerdict))
  expect(outcome).toMatchObject({ kind: 'admitted', untilMs: clock.nowMs + 5000 })
})
