import { expect, test } from '@jest/globals'
import { createDeviceIdentity, type DeviceIdentity } from '../../lib/client/index.ts'
import { memoryStore } from '../../lib/store/index.ts'
import type { PairingStore } from '../../lib/pairing/index.ts'
import { RawClient, type Frame } from '../gateway/raw-client.ts'
import { runGateway } from '../gateway/running-gateway.ts'
import { admittedAs, connectAs, signedConnect } from '../gateway/signed-connect.ts'
import { HOST } from '../pairing/on-each-store.ts'
import { attemptOf, LIMITS, serviceFixture } from '../pairing/service-fixture.ts'
import { remoteVerdict } from '../pairing/verdicts.ts'
import { collectedHeap } from './collected-heap.ts'

const PER_PREFIX = 20
const IN_ALL = 1000
const MB = 1024 * 1024
const TEST_NET = ['192.0.2', '198.51.100', '203.0.113']

/** The 100 addresses of a flood that has many networks. */
const addresses = Array.from({ length: 100 }, (_, i) => `${TEST_NET[i % 3] ?? ''}.${i}`)

async function rowsOf(store: PairingStore) {
  return store.transaction(async (tx) => {
    const pending = await tx.pendingRequests(100_000)
    const events = await tx.events({ after: 0, limit: 100_000 })
    const audit = await tx.auditEntries({ after: 0, limit: 100_000 })
    const devices = await tx.devices({ limit: 100_000 })
    return { pending: pending.length, events: events.length, audit: audit.length, devices: devices.length }
  })
}

test('threat 1: 10,000 keys of one /64 and 10,000 of 100 addresses leave the service with as many rows as the caps allow', async () => {
  const store = memoryStore()
  const limits = { ...LIMITS, maxPending: IN_ALL, maxPendingPerPrefix: PER_PREFIX, maxRequestsPerDevice: 120 }
  const fixture = serviceFixture(store, {}, limits)
  const knock = (name: string, addressPrefix: string) =>
    fixture.service.connect({
      ...attemptOf(name, 'operator', ['operator.read'], remoteVerdict),
      addressPrefix,
    })
  const honest = await knock('honest', '2001:db8:0:1::/64')
  if (honest.kind !== 'waiting' || honest.request === null) throw new Error(honest.kind)

  for (let i = 0; i < 1000; i += 1) await knock(`key ${i}`, '2001:db8:0:1::/64')
  for (const [i, address] of addresses.entries())
    for (let k = 0; k < 20; k += 1) await knock(`key ${i}/${k}`, address)
  const before = await collectedHeap()
  for (let i = 1000; i < 10_000; i += 1) await knock(`key ${i}`, '2001:db8:0:1::/64')
  for (const [i, address] of addresses.entries())
    for (let k = 20; k < 100; k += 1) await knock(`key ${i}/${k}`, address)
  expect((await collectedHeap()) - before).toBeLessThan(8 * MB)

  const rows = await rowsOf(store)
  expect(rows.pending).toBe(IN_ALL)
  expect(rows).toMatchObject({ events: IN_ALL, devices: 0 })
  // Of strangers so many in an hour are written down.
  expect(rows.audit).toBe(500)
  expect(fixture.events).toHaveLength(IN_ALL)
  const perPrefix = await store.transaction((tx) => tx.countPendingFrom('2001:db8:0:1::/64'))
  expect(perPrefix).toBe(PER_PREFIX)
  // The honest one retries beside the flood, and is let in.
  expect(await knock('honest', '2001:db8:0:1::/64')).toMatchObject({ request: { id: honest.request.id } })
  const { id: requestId, digest } = honest.request
  expect(await fixture.service.approve(HOST, { requestId, digest })).toMatchObject({ kind: 'approved' })
  expect(await knock('honest', '2001:db8:0:1::/64')).toMatchObject({ kind: 'admitted' })
}, 120_000)

test('threat 1: one key that asks for something else each time is stopped after its number in an hour', async () => {
  const store = memoryStore()
  const fixture = serviceFixture(store)
  const answers: unknown[] = []
  for (let i = 0; i < 500; i += 1) {
    const outcome = await fixture.connect('greedy', 'operator', [`app.s${i % 100}`, `b.s${i}`], remoteVerdict)
    answers.push(outcome.kind === 'waiting' && outcome.unfiled)
  }
  const rows = await store.transaction((tx) =>
    tx.countRequestsOf(attemptOf('greedy', 'operator', [], null).id, 0),
  )
  expect(rows).toBeLessThanOrEqual(LIMITS.maxRequestsPerDevice)
  expect(fixture.events.length).toBe(rows)
  expect(answers.filter((answer) => answer === null)).toHaveLength(rows)
})

test('threat 1: 2,000 real handshakes of fresh keys from one /64 and 1,000 from 100 addresses do not keep an honest client out', async () => {
  const store = memoryStore()
  const warned: string[] = []
  let requested = 0
  const running = await runGateway({
    store,
    locality: { trustProxy: ['loopback'] },
    logger: {
      info: () => undefined,
      warn: (message) => warned.push(message),
      error: (message) => warned.push(message),
    },
    onEvent: (event) => (requested += Number(event.kind === 'requested')),
  })
  const knock = async (identity: DeviceIdentity, from: string): Promise<Frame> => {
    const { client, answer } = await connectAs(running.url, identity, {}, { 'X-Forwarded-For': from })
    client.close()
    return answer
  }
  const fromOne64 = (i: number): string => `2001:db8:0:1:${(i % 0xfff).toString(16)}::${i.toString(16)}`
  /** Twenty at a time, as fast as they go. */
  const flood = async (froms: string[]): Promise<void> => {
    const next = froms[Symbol.iterator]()
    const worker = async (): Promise<void> => {
      for (const from of next) {
        const answer = await knock(createDeviceIdentity(), from)
        expect(answer.error?.code).toBe('NOT_PAIRED')
      }
    }
    await Promise.all(Array.from({ length: 20 }, worker))
  }
  const honest = createDeviceIdentity()
  const first = await knock(honest, fromOne64(0))
  const requestId = String(first.error?.details?.requestId)

  await flood(Array.from({ length: 500 }, (_, i) => fromOne64(i + 1)))
  const before = await collectedHeap()
  await flood(Array.from({ length: 1500 }, (_, i) => fromOne64(i + 501)))
  expect((await collectedHeap()) - before).toBeLessThan(24 * MB)
  expect((await rowsOf(store)).pending).toBe(PER_PREFIX)
  expect(requested).toBe(PER_PREFIX)
  // One notice for the network, not one for each of its keys.
  expect(warned).toHaveLength(1)
  await flood(Array.from({ length: 1000 }, (_, i) => addresses[i % 100] ?? ''))
  expect((await rowsOf(store)).pending).toBeLessThanOrEqual(IN_ALL)
  expect(warned.length).toBeLessThanOrEqual(101)

  const again = await knock(honest, fromOne64(0))
  expect(again.error?.details).toMatchObject({ requestId })
  const { client: owner } = await admittedAs(running.url, createDeviceIdentity(), {
    scopes: ['operator.admin'],
  })
  expect(await owner.request('device.pair.approve', { requestId, digest: again.error?.details?.digest })).toMatchObject({ ok: true }) // prettier-ignore
  const { client } = await admittedAs(running.url, honest, {}, { 'X-Forwarded-For': fromOne64(0) })
  for (const one of [owner, client]) one.close()
  await running.close()
}, 120_000)

test('threat 1: nothing is written before the signature was verified', async () => {
  const store = memoryStore()
  const running = await runGateway({ store, locality: { trustProxy: ['loopback'] } })
  const untouched = await rowsOf(store)
  for (let i = 0; i < 50; i += 1) {
    const client = new RawClient(running.url, { 'X-Forwarded-For': '203.0.113.9' })
    const nonce = await client.challenge()
    const params = signedConnect(createDeviceIdentity(), nonce)
    const signature = createDeviceIdentity().sign('something else')
    const answer = await client.request('connect', { ...params, device: { ...params.device, signature } })
    expect(answer.error?.details).toMatchObject({ code: 'DEVICE_AUTH_SIGNATURE_INVALID' })
    client.close()
  }
  expect(await rowsOf(store)).toEqual(untouched)
  await running.close()
})
