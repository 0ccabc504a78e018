import { describe, expect, test } from '@jest/globals'
import type { PairingStore, PairingTransaction } from '../../lib/pairing/index.ts'
import { memoryStore } from '../../lib/store/index.ts'
import { storeContract } from '../../lib/testing/index.ts'

/** The promises that a store breaks, by name. */
async function brokenBy(makeStore: () => PairingStore): Promise<string[]> {
  const broken: string[] = []
  for (const { name, run } of storeContract(makeStore)) await run().catch(() => broken.push(name))
  return broken
}

/** A memory store with another transaction. */
function altered(change: (tx: PairingTransaction) => Partial<PairingTransaction>): () => PairingStore {
  return () => {
    const store = memoryStore()
    return { ...store, transaction: (work) => store.transaction((tx) => work({ ...tx, ...change(tx) })) }
  }
}

describe('the contract of a store', () => {
  test('has cases with names of their own, each on a new store', async () => {
    let opened = 0
    const cases = storeContract(() => {
      opened += 1
      return memoryStore()
    })
    expect(opened).toBe(0)
    expect(cases.length).toBeGreaterThan(40)
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length)
    const [first] = cases
    expect(first?.name).toBe('settings are null until put, then what was put last')
    await first?.run()
    await first?.run()
    expect(opened).toBe(2)
  })

  test('is kept by the memory store', async () => {
    expect(await brokenBy(memoryStore)).toEqual([])
  })

  test('finds a store that keeps nothing back', async () => {
    const writesThrough = (): PairingStore => {
      const store = memoryStore()
      return {
        ...store,
        // What fails is committed as well.
        async transaction(work) {
          const failures: unknown[] = []
          const result = await store.transaction(async (tx) =>
            work(tx).catch((error: unknown) => failures.push(error)),
          )
          if (failures.length > 0) throw failures[0] as Error
          return result as never
        },
      }
    }
    const broken = await brokenBy(writesThrough)
    expect(broken).toContain(
      'transactions roll back every kind of change, and reject with the very same error',
    )
  })

  test('finds lists in another order, rows that lose a field, and numbers that come again', async () => {
    const unordered = altered((tx) => ({ grants: async (id) => (await tx.grants(id)).reverse() }))
    expect(await brokenBy(unordered)).toContain(
      'grants come back whole, by role, via, age and id, and are replaced by id',
    )
    const forgetful = altered((tx) => ({
      device: async (id) => {
        const device = await tx.device(id)
        return device === null ? null : { ...device, platform: null }
      },
    }))
    expect(await brokenBy(forgetful)).toContain('devices come back whole, with unicode and quotes')
    const renumbering = altered((tx) => ({ addEvent: async (event) => (await tx.addEvent(event)) && 1 }))
    expect(await brokenBy(renumbering)).toContain(
      'events are numbered in the order of the commits, also after the old ones were deleted',
    )
  })
})
