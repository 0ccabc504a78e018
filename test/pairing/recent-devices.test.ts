import { expect, test } from '@jest/globals'
import type { Authority } from '../../lib/pairing/index.ts'
import type { RecentPage } from '../../lib/pairing/list-recent.ts'
import { memoryStore } from '../../lib/store/memory-store.ts'
import { crowd } from './crowd.ts'
import { HOST, onEachStore, refusal, SHARED_SECRET } from './on-each-store.ts'
import { deviceIdOf, serviceFixture } from './service-fixture.ts'

const NOBODY: ReadonlySet<string> = new Set()

onEachStore('devices as people look for them', {}, (bench) => {
  /** Pairs them, each later than the one before. */
  const pair = async (...names: string[]): Promise<void> => {
    for (const name of names) {
      bench.fixture.clock.nowMs += 60_000
      await bench.fixture.connect(name, 'operator', [])
    }
  }
  async function pages(
    limit: number,
    more: Partial<RecentPage> = {},
    by: Authority = HOST,
  ): Promise<string[][]> {
    const found: string[][] = []
    for (let after: RecentPage['after']; ;) {
      const page = { connectedIds: NOBODY, ...more, after, limit }
      const { devices, last } = await bench.fixture.service.recentDevices(by, page)
      found.push(devices.map(({ device }) => device.displayName ?? ''))
      if (last === null) return found
      after = last
    }
  }

  test('come as they were seen last', async () => {
    await pair('a', 'b', 'c', 'd')
    await pair('b')
    expect(await pages(2)).toEqual([['b', 'd'], ['c', 'a']]) // prettier-ignore
    expect(await pages(3)).toEqual([['b', 'd', 'c'], ['a']])
    expect(await pages(4)).toEqual([['b', 'd', 'c', 'a']])
    expect(await pages(1)).toEqual([['b'], ['d'], ['c'], ['a']])
  })

  test('that were never seen count from when they were paired', async () => {
    await pair('a')
    const { id: requestId } = await bench.fixture.request('new', 'operator', [])
    bench.fixture.clock.nowMs += 1
    await bench.fixture.service.approve(HOST, { requestId })
    await pair('b')
    expect(await pages(9)).toEqual([['b', 'new', 'a']])
    expect(await pages(1)).toEqual([['b'], ['new'], ['a']])
  })

  test('that are connected come first, by id, and not again', async () => {
    const names = ['a', 'b', 'c', 'd', 'e']
    await pair(...names)
    const connected = ['a', 'c', 'd'].sort((x, y) => (deviceIdOf(x) < deviceIdOf(y) ? -1 : 1))
    const connectedIds = new Set(['a', 'c', 'd', 'removed meanwhile'].map(deviceIdOf))
    expect(await pages(9, { connectedIds })).toEqual([[...connected, 'e', 'b']])
    for (const limit of [1, 2, 3, 4])
      expect((await pages(limit, { connectedIds })).flat()).toEqual([...connected, 'e', 'b'])
  })

  test('that are searched for are those that match, connected or not', async () => {
    await pair('a', 'b', 'c', 'd')
    const connectedIds = new Set(['a', 'b'].map(deviceIdOf))
    const matches: RecentPage['matches'] = ({ displayName }) => displayName === 'b' || displayName === 'c'
    for (const limit of [1, 2, 9])
      expect((await pages(limit, { connectedIds, matches })).flat()).toEqual(['b', 'c'])
  })

  test('are for who is no admin itself alone', async () => {
    await pair('a', 'b')
    const self = await bench.fixture.owner('a', ['operator.pairing'])
    expect(await pages(9, {}, self)).toEqual([['a']])
    expect(await pages(9, { matches: () => false }, self)).toEqual([[]])
    const reader = await bench.fixture.owner('reader', ['operator.read'])
    await expect(pages(9, {}, reader)).rejects.toEqual(refusal('FORBIDDEN'))
  })

  test('have names for those who may see them: the owner’s before their own', async () => {
    const admin = await bench.fixture.owner('admin')
    const self = await bench.fixture.owner('self', ['operator.pairing'])
    await pair('phone')
    await bench.fixture.service.rename(HOST, self.deviceId, 'My own')
    const ids = ['self', 'phone', 'nobody'].map(deviceIdOf)
    const names = async (by: Authority) => [...(await bench.fixture.service.deviceNames(by, ids)).values()]
    expect(await names(admin)).toEqual(['My own', 'phone'])
    expect(await names(self)).toEqual(['My own'])
    expect(await names(SHARED_SECRET)).toEqual(['My own', 'phone'])
    expect(await names({ ...SHARED_SECRET, scopes: ['operator.pairing'] })).toEqual([])
    const reader = await bench.fixture.owner('reader', ['operator.read'])
    await expect(names(reader)).rejects.toEqual(refusal('FORBIDDEN'))
  })
})

test('a search that few devices pass ends its page after some 20,000 of them, and the next goes on', async () => {
  const store = memoryStore()
  await crowd(store, 21_000)
  const { service } = serviceFixture(store)
  let looked = 0
  const matches = ({ displayName }: { displayName: string | null }): boolean => {
    looked += 1
    return displayName === 'n0'
  }
  const first = await service.recentDevices(HOST, { connectedIds: NOBODY, limit: 10, matches })
  expect([first.devices.length, looked]).toEqual([0, 20_500])
  expect(first.last).toMatchObject({ among: 'seen' })
  const second = await service.recentDevices(HOST, { connectedIds: NOBODY, limit: 10, matches, after: first.last ?? undefined }) // prettier-ignore
  expect([second.devices.length, second.last, looked]).toEqual([1, null, 21_000])
})
