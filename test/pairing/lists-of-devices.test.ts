import { expect, test } from '@jest/globals'
import type { Authority } from '../../lib/pairing/index.ts'
import type { DevicePage, RequestPage } from '../../lib/pairing/list-pages.ts'
import { memoryStore } from '../../lib/store/memory-store.ts'
import { crowd } from './crowd.ts'
import { HOST, onEachStore, refusal, SHARED_SECRET } from './on-each-store.ts'
import { nodeOn } from './several-nodes.ts'
import { deviceIdOf, serviceFixture } from './service-fixture.ts'
import { remoteVerdict } from './verdicts.ts'

onEachStore('a page of devices', {}, (bench) => {
  const pair = async (...names: string[]): Promise<string[]> => {
    for (const name of names) await bench.fixture.connect(name, 'operator', [])
    return names.map(deviceIdOf).sort()
  }
  /** The ids of all pages, page by page. */
  async function pages(
    limit: number,
    more: Partial<DevicePage> = {},
    by: Authority = HOST,
  ): Promise<string[][]> {
    const found: string[][] = []
    for (let after: string | undefined; ;) {
      const { devices, last } = await bench.fixture.service.listDevices(by, { ...more, after, limit })
      found.push(devices.map(({ device }) => device.id))
      if (last === null) return found
      after = last
    }
  }

  test('has them by id, each once, and the last page says that it is', async () => {
    const [a = '', b = '', c = '', d = ''] = await pair('one', 'two', 'three', 'four')
    expect(await pages(2)).toEqual([[a, b], [c, d]]) // prettier-ignore
    expect(await pages(3)).toEqual([[a, b, c], [d]])
    expect(await pages(4)).toEqual([[a, b, c, d]])
    expect(await pages(1)).toEqual([[a], [b], [c], [d]])
    expect(await pages(100)).toEqual([[a, b, c, d]])
    const { devices } = await bench.fixture.service.listDevices(HOST, { after: b, limit: 9 })
    expect(devices.map(({ device }) => device.id)).toEqual([c, d])
  })

  test('shows what each holds, and no token', async () => {
    await pair('one')
    const { devices } = await bench.fixture.service.listDevices(HOST, { limit: 1 })
    expect(devices).toMatchObject([
      { isElsewhere: false, grants: [{ via: 'silent' }], tokens: [{ role: 'operator', revokedAtMs: null }] },
    ])
    expect(Object.keys(devices[0]?.tokens[0] ?? {}).sort()).toEqual([
      'expiresAtMs',
      'issuedAtMs',
      'lastUsedAtMs',
      'revokedAtMs',
      'role',
    ])
  })

  test('with a filter has those that pass, wherever they are', async () => {
    const ids = await pair('one', 'two', 'three', 'four', 'five')
    const last = ids.at(-1) ?? ''
    expect((await pages(1, { matches: ({ id }) => id === last })).flat()).toEqual([last])
    expect((await pages(2, { matches: () => false })).flat()).toEqual([])
    await bench.fixture.connect('two', 'node', [])
    expect((await pages(2, { role: 'node' })).flat()).toEqual([deviceIdOf('two')])
    expect((await pages(2, { role: 'operator' })).flat()).toEqual(ids)
  })

  test('can be of those alone that are connected to another gateway', async () => {
    const ids = await pair('one', 'two')
    const [a, b] = [nodeOn(bench.store, 'a'), nodeOn(bench.store, 'b')]
    await a.beat(0, ids[1] ?? '')
    await b.beat(0)
    await a.beat(5000, ids[1] ?? '')
    const seen = async (service: typeof a.service): Promise<unknown[]> =>
      (
        await service.listDevices(HOST, { limit: 9, matches: (_device, isElsewhere) => isElsewhere })
      ).devices.map(({ device, isElsewhere }) => [device.id, isElsewhere])
    expect(await seen(b.service)).toEqual([[ids[1], true]])
    expect(await seen(a.service)).toEqual([])
  })

  test('for who is no admin is of itself alone, as far as it passes', async () => {
    await pair('one', 'two')
    const self = await bench.fixture.owner('one', ['operator.pairing'])
    expect(await pages(9, {}, self)).toEqual([[self.deviceId]])
    expect(await pages(9, { role: 'node' }, self)).toEqual([[]])
    expect(await pages(9, { role: 'operator' }, self)).toEqual([[self.deviceId]])
    expect(await pages(9, { matches: () => false }, self)).toEqual([[]])
    expect(await pages(9, { matches: () => true }, self)).toEqual([[self.deviceId]])
    // Who has no key has nothing of its own.
    expect(await pages(9, {}, { ...SHARED_SECRET, scopes: ['operator.pairing'] })).toEqual([[]])
    expect((await pages(9, {}, SHARED_SECRET)).flat()).toHaveLength(2)
  })

  test('is refused to whoever may not see pairings, or has lost the right to', async () => {
    const reader = await bench.fixture.owner('reader', ['operator.read'])
    const gone = await bench.fixture.owner('gone')
    await bench.fixture.service.remove(HOST, gone.deviceId)
    for (const by of [reader, gone, { ...SHARED_SECRET, scopes: [] }]) {
      await expect(bench.fixture.service.listDevices(by, { limit: 1 })).rejects.toEqual(refusal('FORBIDDEN'))
      await expect(bench.fixture.service.listPending(by, { limit: 1 })).rejects.toEqual(refusal('FORBIDDEN'))
      await expect(bench.fixture.service.device(by, reader.deviceId)).rejects.toEqual(refusal('FORBIDDEN'))
    }
  })

  test('of one device is for itself and for admins', async () => {
    const one = await bench.fixture.owner('one', ['operator.pairing'])
    await pair('two')
    const two = deviceIdOf('two')
    expect(await bench.fixture.service.device(one, one.deviceId)).toMatchObject({
      device: { displayName: 'one' },
    })
    expect(await bench.fixture.service.device(HOST, two)).toMatchObject({ device: { displayName: 'two' } })
    await expect(bench.fixture.service.device(one, two)).rejects.toEqual(refusal('FORBIDDEN'))
    await expect(bench.fixture.service.device(HOST, 'nobody')).rejects.toEqual(refusal('NOT_FOUND'))
  })

  test('is what a device holds itself, which it may always know', async () => {
    const reader = await bench.fixture.owner('reader', [])
    expect(await bench.fixture.service.self(reader)).toMatchObject({ device: { id: reader.deviceId } })
    expect(await bench.fixture.service.self(SHARED_SECRET)).toBeNull()
    await bench.fixture.service.remove(HOST, reader.deviceId)
    expect(await bench.fixture.service.self(reader)).toBeNull()
  })
})

onEachStore('a page of requests', {}, (bench) => {
  const names = ['a', 'b', 'c', 'd']
  const wait = async (): Promise<void> => {
    for (const name of names) {
      bench.fixture.clock.nowMs += 1
      await bench.fixture.request(name, 'operator', [])
    }
  }
  async function pages(
    limit: number,
    matches?: RequestPage['matches'],
    by: Authority = HOST,
  ): Promise<string[][]> {
    const found: string[][] = []
    for (let after: RequestPage['after']; ;) {
      const { requests, last } = await bench.fixture.service.listPending(by, { limit, after, matches })
      found.push(requests.map(({ displayName }) => displayName ?? ''))
      if (last === null) return found
      after = last
    }
  }

  test('has those that wait, oldest first, each once', async () => {
    await wait()
    expect(await pages(2)).toEqual([['a', 'b'], ['c', 'd']]) // prettier-ignore
    expect(await pages(3)).toEqual([['a', 'b', 'c'], ['d']])
    expect(await pages(4)).toEqual([names])
    expect(await pages(1)).toEqual([['a'], ['b'], ['c'], ['d']])
    expect(await bench.fixture.service.countPending()).toBe(4)
  })

  test('with a filter has those that pass', async () => {
    await wait()
    expect((await pages(1, ({ displayName }) => displayName === 'd')).flat()).toEqual(['d'])
    expect((await pages(1, ({ displayName }) => displayName !== 'b')).flat()).toEqual(['a', 'c', 'd'])
    expect((await pages(2, () => false)).flat()).toEqual([])
  })

  test('has none whose time is over', async () => {
    await wait()
    bench.fixture.clock.nowMs += 300_000
    expect(await pages(9)).toEqual([[]])
  })

  test('for who is no admin is of its own request alone', async () => {
    const self = await bench.fixture.owner('b', ['operator.pairing'])
    expect(await pages(9, undefined, self)).toEqual([[]])
    for (const name of names) await bench.fixture.request(name, 'node', [])
    expect(await pages(9, undefined, self)).toEqual([['b']])
    expect(await pages(9, () => false, self)).toEqual([[]])
    expect(await bench.fixture.service.countPending()).toBe(4)
  })

  test('of one request, whatever became of it, is for its device and for admins', async () => {
    const self = await bench.fixture.owner('b', ['operator.pairing'])
    const other = await bench.fixture.owner('c', ['operator.pairing'])
    const reader = await bench.fixture.owner('a', ['operator.read'])
    const { id } = await bench.fixture.request('b', 'node', [])
    const { service } = bench.fixture
    await service.reject(HOST, id)
    for (const by of [HOST, self, SHARED_SECRET])
      expect(await service.request(by, id)).toMatchObject({ id, state: 'rejected' })
    for (const by of [other, reader])
      await expect(service.request(by, id)).rejects.toEqual(refusal('FORBIDDEN'))
    await expect(service.request(HOST, 'unknown')).rejects.toEqual(refusal('NOT_FOUND'))
    // Whoever may see nothing does not learn either which requests there are.
    await expect(service.request(reader, 'unknown')).rejects.toEqual(refusal('FORBIDDEN'))
    await service.remove(HOST, self.deviceId)
    await expect(service.request(self, id)).rejects.toEqual(refusal('FORBIDDEN'))
  })

  test('shows what is asked for beside the time that it ends', async () => {
    const request = await bench.fixture.request('a', 'operator', [], remoteVerdict)
    const { requests } = await bench.fixture.service.listPending(HOST, { limit: 1 })
    expect(requests).toEqual([request])
  })
})

test('a filter that few devices pass ends the page after 2,500 of them, and the next goes on', async () => {
  const store = memoryStore()
  await crowd(store, 2600)
  const { service } = serviceFixture(store)
  let looked = 0
  const matches = ({ id }: { id: string }): boolean => {
    looked += 1
    return id.endsWith('2599')
  }
  const first = await service.listDevices(HOST, { limit: 250, matches })
  expect([first.devices, first.last, looked]).toEqual([[], String(2499).padStart(64, '0'), 2500])
  const second = await service.listDevices(HOST, { limit: 250, matches, after: first.last ?? '' })
  expect([second.devices.length, second.last]).toEqual([1, null])
})

test('all pairings at once are all, however many', async () => {
  const store = memoryStore()
  await crowd(store, 1001)
  const { paired } = await serviceFixture(store).service.list(HOST)
  expect(new Set(paired.map(({ device }) => device.id)).size).toBe(1001)
  expect(paired).toHaveLength(1001)
})
