import { expect, test } from '@jest/globals'
import { HOST, onEachStore } from './on-each-store.ts'
import { listed, nodeOn } from './several-nodes.ts'
import { attemptOf, deviceIdOf } from './service-fixture.ts'
import { localVerdict } from './verdicts.ts'

const DEAD_AFTER_MS = 20_000

onEachStore('several gateways on one store', {}, (bench) => {
  const node = (id: string, setup = {}) => nodeOn(bench.store, id, setup)
  const recordOf = async (id: string) =>
    (await bench.store.transaction((tx) => tx.nodes())).find((one) => one.id === id)

  test('apply what any of them has committed, in the order of the commits; who committed it tells it', async () => {
    const [a, b] = [node('a'), node('b')]
    await a.service.tellUntold()
    await b.service.tellUntold()
    await a.knock('one')
    await b.knock('two')
    await a.knock('three')
    await Promise.all([a.service.catchUp(), b.service.catchUp()])
    for (const { applied, seqs } of [a, b])
      expect([applied, seqs]).toEqual([['one', 'two', 'three'], [1, 2, 3]]) // prettier-ignore
    expect([a.told, b.told]).toEqual([['one', 'three'], ['two']])
    // Once: a look that finds nothing new tells nothing.
    await a.service.catchUp()
    expect(a.applied).toHaveLength(3)
  })

  test('follow from when they start: what others did before is not theirs to hear', async () => {
    const a = node('a')
    await a.service.tellUntold()
    await a.knock('one')
    const b = node('b')
    await b.service.tellUntold()
    await b.service.catchUp()
    expect(b.applied).toEqual([])
    await a.knock('two')
    await b.service.catchUp()
    expect([b.applied, b.told]).toEqual([['two'], []])
  })

  test('catch up with more than a page of events', async () => {
    const [a, b] = [node('a'), node('b')]
    await b.service.tellUntold()
    await bench.store.transaction(async (tx) => {
      for (let n = 0; n < 250; n += 1)
        await tx.addEvent({ atMs: 1, node: 'a', payload: '{"kind":"removed","deviceId":"x"}' })
    })
    await a.knock('last')
    await b.service.catchUp()
    expect([b.applied.length, b.applied.at(-1), b.gaps.count]).toEqual([251, 'last', 0])
  })

  test('know of each other after a beat, and of one that has left no more', async () => {
    const [a, b] = [node('a'), node('b')]
    await a.beat(0)
    expect(a.service.hasCompany).toBe(false)
    await b.beat(0)
    await a.beat(5000)
    expect([a.service.hasCompany, b.service.hasCompany]).toEqual([true, true])
    await b.service.leave()
    await a.beat(10_000)
    expect([a.service.hasCompany, await listed(bench.store)]).toEqual([false, ['a']])
  })

  test('show that they live while there are others to see it, and alone only what was told', async () => {
    const a = node('a')
    await a.service.tellUntold()
    for (const nowMs of [0, 5000, 10_000]) await a.beat(nowMs)
    const alone = await recordOf('a')
    await a.knock('one')
    await a.beat(15_000)
    expect(await recordOf('a')).toMatchObject({ toldSeq: 1, host: 'here', pid: 1, heir: null })
    await node('b').beat(0)
    await a.beat(20_000)
    const first = await recordOf('a')
    await a.beat(25_000)
    expect((await recordOf('a'))?.beat).toBeGreaterThan(first?.beat ?? 0)
    expect(alone?.beat).toBe(1)
  })

  test('tell what one that was killed has left behind: once, after twenty seconds without a sign of life', async () => {
    const dead = node('dead')
    await dead.service.tellUntold()
    await dead.beat(0)
    // It commits, and is killed before it tells.
    await bench.store.transaction((tx) =>
      tx.addEvent({ atMs: 1, node: 'dead', payload: '{"kind":"removed","deviceId":"x"}' }),
    )
    const [a, b] = [node('a'), node('b')]
    for (const one of [a, b]) await one.service.tellUntold()
    for (let nowMs = 0; nowMs <= DEAD_AFTER_MS; nowMs += 5000) for (const one of [a, b]) await one.beat(nowMs)
    expect([a.told, b.told, await listed(bench.store)]).toEqual([[], [], ['a', 'b', 'dead']])
    await a.beat(DEAD_AFTER_MS + 1)
    await b.beat(DEAD_AFTER_MS + 1)
    expect([a.told, b.told, await listed(bench.store)]).toEqual([['removed'], [], ['a', 'b']])
  })

  test('tell at once for one whose process has certainly ended', async () => {
    await node('dead').beat(0)
    await node('other').beat(0)
    await bench.store.transaction((tx) =>
      tx.addEvent({ atMs: 1, node: 'dead', payload: '{"kind":"removed","deviceId":"x"}' }),
    )
    const a = node('a', { isGone: ({ id }: { id: string }) => id === 'dead' })
    await a.beat(0)
    expect([a.told, await listed(bench.store)]).toEqual([['removed'], ['a', 'other']])
  })

  test('leave a dead one to its heir as long as that one lives', async () => {
    await node('dead').beat(0)
    const setHeir = (heir: string) =>
      bench.store.transaction(async (tx) => {
        const [record] = (await tx.nodes()).filter(({ id }) => id === 'dead')
        if (record !== undefined) await tx.putNode({ ...record, heir })
      })
    await node('heir').beat(0)
    await setHeir('heir')
    const isGone = ({ id }: { id: string }): boolean => id === 'dead'
    const a = node('a', { isGone })
    await a.beat(0)
    expect(await listed(bench.store)).toContain('dead')
    // The heir that was killed in turn has not finished: somebody else takes it over.
    await node('heir').service.leave()
    await a.beat(5000)
    expect(await listed(bench.store)).toEqual(['a'])
    // And what an heir began before a failure, it finishes itself.
    await node('dead').beat(0)
    await setHeir('a')
    await a.beat(10_000)
    expect(await listed(bench.store)).toEqual(['a'])
  })

  test('take nobody for dead after they could not look for a while themselves', async () => {
    await node('quiet').beat(0)
    const a = node('a')
    await a.beat(0)
    await a.beat(60_000)
    for (let ms = 5000; ms <= DEAD_AFTER_MS; ms += 5000) await a.beat(60_000 + ms)
    expect(await listed(bench.store)).toContain('quiet')
    await a.beat(60_000 + DEAD_AFTER_MS + 5000)
    expect(await listed(bench.store)).toEqual(['a'])
  })

  test('take nobody for dead that shows signs of life', async () => {
    const [a, b] = [node('a'), node('b')]
    for (let nowMs = 0; nowMs <= 3 * DEAD_AFTER_MS; nowMs += 5000) {
      await a.beat(nowMs)
      await b.beat(nowMs)
    }
    expect(await listed(bench.store)).toEqual(['a', 'b'])
  })

  test('see which devices are connected to another one', async () => {
    const [a, b] = [node('a'), node('b')]
    for (const name of ['phone', 'tool'])
      await a.service.connect(attemptOf(name, 'operator', [], localVerdict))
    const elsewhere = async () =>
      (await b.service.list(HOST)).paired.filter((one) => one.isElsewhere).map(({ device }) => device.displayName) // prettier-ignore
    await a.beat(0, deviceIdOf('phone'))
    await b.beat(0)
    await a.beat(5000, deviceIdOf('phone'), deviceIdOf('tool'))
    expect((await elsewhere()).sort()).toEqual(['phone', 'tool'])
    await a.beat(10_000, deviceIdOf('tool'))
    expect(await elsewhere()).toEqual(['tool'])
    await a.service.leave()
    expect(await elsewhere()).toEqual([])
    // One that was taken for dead, and is not, shows its devices again.
    await a.beat(15_000, deviceIdOf('tool'))
    expect(await elsewhere()).toEqual(['tool'])
    // What is connected here is not elsewhere.
    await b.beat(15_000, deviceIdOf('phone'))
    expect(await elsewhere()).toEqual(['tool'])
  })

  test('tell a node that was away when what it missed was forgotten that there is a gap', async () => {
    const [a, b] = [node('a'), node('b')]
    for (const one of [a, b]) await one.service.tellUntold()
    await b.service.leave()
    for (const name of ['one', 'two', 'three']) await a.knock(name)
    await a.service.sweep()
    await b.service.catchUp()
    expect([b.gaps.count, b.applied.at(-1)]).toEqual([1, 'three'])
    await a.knock('four')
    await b.service.catchUp()
    expect([b.gaps.count, b.applied.at(-1)]).toEqual([1, 'four'])
  })

  test('keep what a node on the list has not told yet, and all for as long as they are told to', async () => {
    const [a, b] = [node('a'), node('b')]
    for (const one of [a, b]) await one.service.tellUntold()
    const kept = async () =>
      (await bench.store.transaction((tx) => tx.events({ after: 0, limit: 100 }))).length
    for (const name of ['one', 'two', 'three']) await a.knock(name)
    await a.service.sweep()
    expect(await kept()).toBe(3)
    await b.service.catchUp()
    await b.beat(0)
    const slow = node('slow', { keepEventsMs: 60_000 })
    slow.clock.nowMs = a.clock.nowMs + 60_000
    await slow.service.catchUp()
    await slow.service.sweep()
    expect(await kept()).toBe(3)
    slow.clock.nowMs += 1
    await slow.service.sweep()
    expect(await kept()).toBe(1)
  })
})
