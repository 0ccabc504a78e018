import { expect, test } from '@jest/globals'
import { memoryStore } from '../../lib/store/memory-store.ts'
import { crowd } from './crowd.ts'
import { notingStore } from './noting-store.ts'
import { HOST, onEachStore, SHARED_SECRET } from './on-each-store.ts'
import { deviceIdOf, serviceFixture } from './service-fixture.ts'
import { remoteVerdict } from './verdicts.ts'

const PAIRING_ALONE = { ...SHARED_SECRET, scopes: ['operator.pairing'] }

onEachStore('what lists read', {}, (bench) => {
  test('is nothing for who has no key, and so nothing of its own', async () => {
    await bench.fixture.connect('tool', 'operator', [])
    await bench.fixture.request('phone', 'operator', [])
    const { store, calls } = notingStore(bench.store)
    const { service } = serviceFixture(store)
    expect(await service.list(PAIRING_ALONE)).toEqual({ pending: [], paired: [] })
    expect(await service.listDevices(PAIRING_ALONE, { limit: 9 })).toEqual({ devices: [], last: null })
    expect(await service.listPending(PAIRING_ALONE, { limit: 9 })).toEqual({ requests: [], last: null })
    expect(await service.self(PAIRING_ALONE)).toBeNull()
    const asked = calls.map(([operation]) => operation)
    for (const read of ['device', 'devices', 'pendingRequestOf', 'pendingRequests'])
      expect(asked).not.toContain(read)
  })

  test('is no more requests at a time than the page needs, and 250 at most', async () => {
    await bench.fixture.request('phone', 'operator', [])
    const { store, calls } = notingStore(bench.store)
    const { service } = serviceFixture(store)
    for (const limit of [1, 248, 249, 250, 1000]) await service.listPending(HOST, { limit })
    const sizes = calls.filter(([operation]) => operation === 'pendingRequests').map(([, size]) => size)
    expect(sizes).toEqual([2, 249, 250, 250, 250])
  })

  test('is what comes behind the last request that was looked at', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) {
      bench.fixture.clock.nowMs += 1
      await bench.fixture.connect(name, 'operator', [], {
        ...remoteVerdict,
        clientAddress: `192.0.2.${name}`,
      })
    }
    const named = async (limit: number, ...names: string[]): Promise<unknown[]> => {
      const matches = ({ displayName }: { displayName: string | null }) => names.includes(displayName ?? '')
      const { requests, last } = await bench.fixture.service.listPending(HOST, { limit, matches })
      return [requests.map(({ displayName }) => displayName), last]
    }
    expect(await named(2, 'c', 'd')).toEqual([['c', 'd'], null])
    expect(await named(2, 'f', 'h')).toEqual([['f', 'h'], null])
  })

  test('is, of recent devices, what comes after a place among the connected ones or the others', async () => {
    for (const name of ['a', 'b', 'c']) {
      bench.fixture.clock.nowMs += 60_000
      await bench.fixture.connect(name, 'operator', [])
    }
    const connectedIds = new Set([deviceIdOf('a')])
    const page = (limit: number) => bench.fixture.service.recentDevices(HOST, { connectedIds, limit })
    expect((await page(1)).last).toEqual({ among: 'connected', id: deviceIdOf('a') })
    expect((await page(2)).last).toEqual({ among: 'seen', id: deviceIdOf('c'), seenAtMs: bench.fixture.clock.nowMs }) // prettier-ignore
    expect((await page(3)).last).toBeNull()
  })
})

test('all pairings at once are read five hundred at a time', async () => {
  const inner = memoryStore()
  await crowd(inner, 1001)
  const { store, calls } = notingStore(inner)
  await serviceFixture(store).service.list(HOST)
  expect(calls.filter(([operation]) => operation === 'devices').map(([, page]) => page)).toEqual([
    { after: undefined, limit: 500 },
    { after: String(499).padStart(64, '0'), limit: 500 },
    { after: String(999).padStart(64, '0'), limit: 500 },
  ])
})

test('a page of recent devices that has looked at connected ones alone goes on behind them', async () => {
  const store = memoryStore()
  await crowd(store, 20_510)
  const idOf = (n: number): string => String(n).padStart(64, '0')
  const connectedIds = new Set(Array.from({ length: 20_500 }, (_, n) => idOf(n + 10)))
  const { service } = serviceFixture(store)
  const after = { among: 'connected', id: idOf(20_509) } as const
  const first = await service.recentDevices(HOST, { connectedIds, limit: 5, after })
  expect(first).toEqual({ devices: [], last: { among: 'seen', id: idOf(10), seenAtMs: 10 } })
  const second = await service.recentDevices(HOST, { connectedIds, limit: 5, after: first.last ?? after })
  expect(second.devices.map(({ device }) => device.displayName)).toEqual(['n9', 'n8', 'n7', 'n6', 'n5'])
})
