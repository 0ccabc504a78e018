import { describe, expect, test } from '@jest/globals'
import type { NodeRecord, PairingStore } from '../../lib/pairing/pairing-store.ts'

const node = (id: string, more: Partial<NodeRecord> = {}): NodeRecord => ({
  id,
  host: 'host-1',
  pid: 4711,
  beat: 1,
  toldSeq: 0,
  heir: null,
  ...more,
})

export function nodeContract(store: () => PairingStore): void {
  describe('nodes', () => {
    test('come back whole, by id, and are replaced', async () => {
      await store().transaction(async (tx) => {
        await tx.putNode(node('b'))
        await tx.putNode(node('a'))
        await tx.putNode(node('b', { host: 'other', pid: 1, beat: 2, toldSeq: 3_000_000_000, heir: 'a' }))
        expect(await tx.nodes()).toEqual([
          node('a'),
          node('b', { host: 'other', pid: 1, beat: 2, toldSeq: 3_000_000_000, heir: 'a' }),
        ])
        await tx.deleteNode('a')
        await tx.deleteNode('unknown')
        expect((await tx.nodes()).map(({ id }) => id)).toEqual(['b'])
      })
    })

    test('show whom they have connected, until it leaves or they are gone', async () => {
      await store().transaction(async (tx) => {
        const isPresent = (id: string): Promise<boolean> => tx.isPresent(id, 'c')
        await tx.putNode(node('a'))
        await tx.putNode(node('b'))
        await tx.addPresence('a', ['d1', 'd2'])
        await tx.addPresence('a', [])
        await tx.addPresence('b', ['d1', 'd1', 'd3'])
        expect(await Promise.all(['d1', 'd2', 'd3', 'd4'].map(isPresent))).toEqual([true, true, true, false])
        expect(await tx.isPresent('d2', 'a')).toBe(false)
        expect(await tx.isPresent('d1', 'a')).toBe(true)
        await tx.putNode(node('a', { beat: 2 }))
        await tx.deletePresence('a', ['d2', 'd4'])
        expect(await isPresent('d2')).toBe(false)
        await tx.deleteNode('b')
        expect(await Promise.all(['d1', 'd3'].map(isPresent))).toEqual([true, false])
        await tx.deletePresence('a', ['d1'])
        expect(await isPresent('d1')).toBe(false)
      })
    })

    test('show thousands of devices', async () => {
      const ids = Array.from({ length: 3000 }, (_, n) => `d${n}`)
      await store().transaction(async (tx) => {
        await tx.putNode(node('a'))
        await tx.addPresence('a', ids)
        expect(await tx.isPresent('d2999', '')).toBe(true)
        await tx.deletePresence('a', ids)
        expect(await tx.isPresent('d2999', '')).toBe(false)
      })
    })
  })

  describe('what is remembered', () => {
    test('comes back until it is forgotten, or its time is over', async () => {
      await store().transaction(async (tx) => {
        expect(await tx.remembered('k')).toBeNull()
        await tx.remember('k', { value: 'one', untilMs: 10 })
        await tx.remember('k', { value: 'zwei 💡', untilMs: 3_000_000_000_000 })
        await tx.remember('old', { value: '', untilMs: 10 })
        await tx.remember('other', { value: '', untilMs: 11 })
        expect(await tx.remembered('k')).toEqual({ value: 'zwei 💡', untilMs: 3_000_000_000_000 })
        await tx.forgetRemembered(10)
        expect(await tx.remembered('old')).toBeNull()
        expect(await tx.remembered('other')).not.toBeNull()
        await tx.forget('other')
        expect(await tx.remembered('other')).toBeNull()
      })
    })
  })
}
