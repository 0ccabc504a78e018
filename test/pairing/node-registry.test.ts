import { expect, test } from '@jest/globals'
import type { NodeRecord } from '../../lib/pairing/index.ts'
import { notingStore } from './noting-store.ts'
import { HOST, onEachStore } from './on-each-store.ts'
import { attemptOf, deviceIdOf } from './service-fixture.ts'
import { listed, nodeOn, type NodeSetup } from './several-nodes.ts'
import { localVerdict } from './verdicts.ts'

const BEAT_MS = 5000

onEachStore('the list of gateways', {}, (bench) => {
  const node = (id: string, setup: NodeSetup = {}) => nodeOn(bench.store, id, setup)
  const recordOf = async (id: string): Promise<NodeRecord | undefined> =>
    (await bench.store.transaction((tx) => tx.nodes())).find((one) => one.id === id)
  const isElsewhere = (device: string, exceptNode: string): Promise<boolean> =>
    bench.store.transaction((tx) => tx.isPresent(deviceIdOf(device), exceptNode))

  test.each([
    ['at twice the interval buries one that shows no sign of life', 2 * BEAT_MS, ['a']],
    ['beyond twice the interval buries nobody', 2 * BEAT_MS + 1, ['a', 'quiet']],
  ])('who looks %s', async (_what, everyMs, left) => {
    await node('quiet').beat(0)
    const a = node('a')
    for (let looks = 0; looks < 10; looks += 1) await a.beat(looks * everyMs)
    expect(await listed(bench.store)).toEqual(left)
  })

  test('starts anew with one that had left and is back', async () => {
    const [a, other] = [node('a'), node('other')]
    const back = async (): Promise<void> => node('back').beat(0)
    await back()
    for (let nowMs = 0; nowMs <= 4 * BEAT_MS; nowMs += BEAT_MS) {
      await a.beat(nowMs)
      await other.beat(nowMs)
      if (nowMs === 0) await bench.store.transaction((tx) => tx.deleteNode('back'))
    }
    // It counts its beats from one again.
    await back()
    await a.beat(5 * BEAT_MS)
    expect(await listed(bench.store)).toEqual(['a', 'back', 'other'])
  })

  test('gives a dead one whose heir has died too to who looks', async () => {
    for (const id of ['dead', 'heir']) await node(id).beat(0)
    const dead = await recordOf('dead')
    await bench.store.transaction(async (tx) => {
      if (dead !== undefined) await tx.putNode({ ...dead, heir: 'heir' })
    })
    await node('a', { isGone: () => true }).beat(0)
    expect(await listed(bench.store)).toEqual(['a'])
  })

  test('has each that has started, whatever was told before', async () => {
    await bench.store.transaction((tx) => tx.addEvent({ atMs: 1, node: 'gone', payload: '{}' }))
    await node('a').service.tellUntold()
    expect(await recordOf('a')).toMatchObject({ beat: 1, toldSeq: 1 })
  })

  test('is written where something was told since, and not again', async () => {
    const a = node('a')
    await a.service.tellUntold()
    await a.service.sweep()
    expect(await recordOf('a')).toMatchObject({ beat: 1, toldSeq: 0 })
    await a.knock('one')
    for (let sweeps = 0; sweeps < 3; sweeps += 1) await a.service.sweep()
    expect(await recordOf('a')).toMatchObject({ beat: 2, toldSeq: 1 })
    await a.beat(0)
    expect(await recordOf('a')).toMatchObject({ beat: 2, toldSeq: 1 })
  })

  test('shows the devices of one that is alone to nobody, until there is somebody', async () => {
    const a = node('a')
    await a.beat(0, deviceIdOf('phone'))
    await a.beat(BEAT_MS, deviceIdOf('phone'))
    expect(await isElsewhere('phone', 'b')).toBe(false)
    await node('b').beat(0)
    await a.beat(2 * BEAT_MS, deviceIdOf('phone'))
    expect(await isElsewhere('phone', 'b')).toBe(true)
  })

  test('is told of the devices that have come and gone since, not of all', async () => {
    const { store, calls } = notingStore(bench.store)
    for (const name of ['phone', 'tool', 'desk'])
      await bench.fixture.connect(name, 'operator', [], localVerdict)
    const [phone, tool, desk] = ['phone', 'tool', 'desk'].map(deviceIdOf) as [string, string, string]
    const a = nodeOn(store, 'a')
    await node('b').beat(0)
    const written = async (nowMs: number, ...connected: string[]): Promise<unknown> => {
      calls.length = 0
      await a.beat(nowMs, ...connected)
      const of = (name: string): unknown => calls.find(([operation]) => operation === name)?.[2]
      return { come: of('addPresence'), gone: of('deletePresence') }
    }
    expect(await written(0, phone)).toEqual({ come: [phone], gone: [] })
    expect(await written(1, phone, tool)).toEqual({ come: [tool], gone: [] })
    expect(await written(2, tool, desk)).toEqual({ come: [desk], gone: [phone] })
    // Taken for dead meanwhile, it has lost all of them.
    await bench.store.transaction((tx) => tx.deleteNode('a'))
    expect(await written(3, tool, desk)).toEqual({ come: [tool, desk], gone: [] })
  })

  test('may have others on other hosts from the first, where the store says so', () => {
    expect(node('a').service.hasCompany).toBe(false)
    const of = (isShared: boolean) => nodeOn({ ...bench.store, isShared }, 'a').service.hasCompany
    expect([of(true), of(false)]).toEqual([true, false])
  })

  test('keeps for each what it has told itself, and not what another has', async () => {
    const [a, b] = [node('a'), node('b')]
    for (const one of [a, b]) await one.service.tellUntold()
    await b.service.connect(attemptOf('tool', 'operator', [], localVerdict))
    await b.knock('phone')
    await b.service.sweep()
    expect([await recordOf('a'), await recordOf('b')]).toMatchObject([{ toldSeq: 0 }, { toldSeq: 2 }])
    const next = node('b')
    await next.service.tellUntold()
    expect(next.told).toEqual([])
    expect((await next.service.list(HOST)).pending).toHaveLength(1)
  })
})
