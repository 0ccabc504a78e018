import type { NodeRecord } from '../../pairing/pairing-store.ts'
import { deepEqual, equal, notEqual } from './assertions.ts'
import type { ContractPart } from './contract-cases.ts'

const node = (id: string, more: Partial<NodeRecord> = {}): NodeRecord => ({
  id,
  host: 'host-1',
  pid: 4711,
  beat: 1,
  toldSeq: 0,
  heir: null,
  ...more,
})

export const nodeContract: ContractPart = (store, { group, check }) => {
  group('nodes', () => {
    check('come back whole, by id, and are replaced', async () => {
      await store().transaction(async (tx) => {
        await tx.putNode(node('b'))
        await tx.putNode(node('a'))
        await tx.putNode(node('b', { host: 'other', pid: 1, beat: 2, toldSeq: 3_000_000_000, heir: 'a' }))
        deepEqual(await tx.nodes(), [
          node('a'),
          node('b', { host: 'other', pid: 1, beat: 2, toldSeq: 3_000_000_000, heir: 'a' }),
        ])
        await tx.deleteNode('a')
        await tx.deleteNode('unknown')
        deepEqual(
          (await tx.nodes()).map(({ id }) => id),
          ['b'],
        )
      })
    })

    check('show whom they have connected, until it leaves or they are gone', async () => {
      await store().transaction(async (tx) => {
        const isPresent = (id: string): Promise<boolean> => tx.isPresent(id, 'c')
        await tx.putNode(node('a'))
        await tx.putNode(node('b'))
        await tx.addPresence('a', ['d1', 'd2'])
        await tx.addPresence('a', [])
        await tx.addPresence('b', ['d1', 'd1', 'd3'])
        deepEqual(await Promise.all(['d1', 'd2', 'd3', 'd4'].map(isPresent)), [true, true, true, false])
        equal(await tx.isPresent('d2', 'a'), false)
        equal(await tx.isPresent('d1', 'a'), true)
        await tx.putNode(node('a', { beat: 2 }))
        await tx.deletePresence('a', ['d2', 'd4'])
        equal(await isPresent('d2'), false)
        await tx.deleteNode('b')
        deepEqual(await Promise.all(['d1', 'd3'].map(isPresent)), [true, false])
        await tx.deletePresence('a', ['d1'])
        equal(await isPresent('d1'), false)
      })
    })

    check('show thousands of devices', async () => {
      const ids = Array.from({ length: 3000 }, (_, n) => `d${n}`)
      await store().transaction(async (tx) => {
        await tx.putNode(node('a'))
        await tx.addPresence('a', ids)
        equal(await tx.isPresent('d2999', ''), true)
        await tx.deletePresence('a', ids)
        equal(await tx.isPresent('d2999', ''), false)
      })
    })
  })

  group('what is remembered', () => {
    check('comes back until it is forgotten, or its time is over', async () => {
      await store().transaction(async (tx) => {
        equal(await tx.remembered('k'), null)
        await tx.remember('k', { value: 'one', untilMs: 10 })
        await tx.remember('k', { value: 'zwei 💡', untilMs: 3_000_000_000_000 })
        await tx.remember('old', { value: '', untilMs: 10 })
        await tx.remember('other', { value: '', untilMs: 11 })
        deepEqual(await tx.remembered('k'), { value: 'zwei 💡', untilMs: 3_000_000_000_000 })
        await tx.forgetRemembered(10)
        equal(await tx.remembered('old'), null)
        notEqual(await tx.remembered('other'), null)
        await tx.forget('other')
        equal(await tx.remembered('other'), null)
      })
    })
  })
}
