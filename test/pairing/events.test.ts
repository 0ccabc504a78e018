import { expect, test } from '@jest/globals'
import {
  approvalPolicy,
  pairingService,
  scopeLattice,
  silentPolicy,
  type PairingEvent,
  type PairingService,
  type PairingStore,
} from '../../lib/pairing/index.ts'
import { HOST, onEachStore } from './on-each-store.ts'
import { attemptOf, LIMITS } from './service-fixture.ts'
import { localVerdict, remoteVerdict } from './verdicts.ts'

function serviceOn(store: PairingStore, onEvent: (event: PairingEvent) => void): PairingService {
  const lattice = scopeLattice()
  return pairingService({
    store,
    lattice,
    silent: silentPolicy({}, lattice),
    approval: approvalPolicy({}, lattice),
    limits: LIMITS,
    clock: { now: () => 1_000_000 },
    auditSigner: null,
    onEvent,
  })
}

const knock = (service: PairingService, name: string) =>
  service.connect(attemptOf(name, 'operator', [], remoteVerdict))

onEachStore('events', {}, (bench) => {
  test('are told after the commit, in order', async () => {
    const seen: Promise<unknown>[] = []
    const told: string[] = []
    const service = serviceOn(bench.store, (event) => {
      if (event.kind !== 'requested') return
      told.push(event.request.displayName ?? '')
      seen.push(bench.store.transaction((tx) => tx.request(event.request.id)))
    })
    const names = ['a', 'b', 'c', 'd', 'e']
    await Promise.all(names.map((name) => knock(service, name)))
    expect(told).toEqual(names)
    expect((await Promise.all(seen)).filter((request) => request === null)).toEqual([])
  })

  test('of what could not be committed are not told, and nothing of it is kept', async () => {
    const told: PairingEvent[] = []
    let isFull = true
    const full: PairingStore = {
      transaction: (work) =>
        bench.store.transaction(async (tx) => {
          const result = await work(tx)
          if (isFull) throw new Error('the disk is full')
          return result
        }),
      close: () => bench.store.close(),
    }
    const service = serviceOn(full, (event) => told.push(event))
    await expect(knock(service, 'phone')).rejects.toThrow('the disk is full')
    await expect(service.connect(attemptOf('tool', 'operator', [], localVerdict))).rejects.toThrow()
    expect(told).toEqual([])
    expect(await bench.audit()).toEqual([])
    expect(await bench.grantsOf('tool')).toEqual([])
    isFull = false
    await knock(service, 'phone')
    expect(told).toHaveLength(1)
  })

  test('that were committed and not told before a crash are told by the next run, in order, once', async () => {
    const silent = serviceOn(bench.store, () => undefined)
    for (const name of ['a', 'b', 'c']) await knock(silent, name)
    const told: PairingEvent[] = []
    const next = serviceOn(bench.store, (event) => told.push(event))
    await next.tellUntold()
    expect(told.map((event) => event.kind === 'requested' && event.request.displayName)).toEqual([
      'a',
      'b',
      'c',
    ])
    await next.tellUntold()
    expect(told).toHaveLength(3)
    const third: PairingEvent[] = []
    await serviceOn(bench.store, (event) => third.push(event)).tellUntold()
    expect(third).toEqual([])
  })

  test('more than one page of them are told all', async () => {
    const first = serviceOn(bench.store, () => undefined)
    await bench.store.transaction(async (tx) => {
      for (let i = 0; i < 250; i += 1)
        await tx.addEvent({
          atMs: 1,
          node: 'node',
          payload: JSON.stringify({ kind: 'removed', deviceId: `d${i}` }),
        })
    })
    await knock(first, 'a')
    const told: PairingEvent[] = []
    await serviceOn(bench.store, (event) => told.push(event)).tellUntold()
    expect(told).toHaveLength(251)
    expect(told[249]).toEqual({ kind: 'removed', deviceId: 'd249' })
  })

  test('are forgotten with the sweep after they were told', async () => {
    const service = serviceOn(bench.store, () => undefined)
    for (let i = 0; i < 4; i += 1) await knock(service, `d${i}`)
    const kept = () => bench.store.transaction((tx) => tx.events({ after: 0, limit: 100 }))
    expect(await kept()).toHaveLength(4)
    await service.sweep()
    expect((await kept()).length).toBeLessThanOrEqual(1)
    await knock(service, 'next')
    expect((await kept()).at(-1)?.seq).toBe(5)
  })

  test('threat 21: one that the listener throws at keeps back neither the decision nor the next', async () => {
    const told: string[] = []
    const service = serviceOn(bench.store, (event) => {
      if (event.kind !== 'requested') return
      if (event.request.displayName === 'poison') throw new Error('cannot be shown')
      told.push(event.request.displayName ?? '')
    })
    const outcomes = await Promise.all(['poison', 'a', 'poison', 'b'].map((name) => knock(service, name)))
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(new Array(4).fill('waiting'))
    expect(told).toEqual(['a', 'b'])
    expect((await service.list(HOST)).pending).toHaveLength(3)
  })

  test('threat 21: one that cannot be read any more does not stop the next run', async () => {
    await bench.store.transaction(async (tx) => {
      await tx.addEvent({ atMs: 1, node: 'node', payload: '{"kind":"requested","requ' })
      await tx.addEvent({ atMs: 1, node: 'node', payload: '{"kind":"requested"}' })
    })
    await knock(
      serviceOn(bench.store, () => undefined),
      'phone',
    )
    const told: string[] = []
    const next = serviceOn(bench.store, (event) => {
      if (event.kind === 'requested') told.push(event.request.displayName ?? '')
    })
    await next.tellUntold()
    expect(told).toEqual(['phone'])
    expect(await next.connect(attemptOf('tool', 'operator', [], localVerdict))).toMatchObject({
      kind: 'admitted',
    })
  })
})
