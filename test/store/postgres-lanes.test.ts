import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import fc from 'fast-check'
import type { PairingStore, PairingTransaction } from '../../lib/pairing/pairing-store.ts'
import { memoryStore } from '../../lib/store/index.ts'
import { deviceLane, LeftLane } from '../../lib/store/postgres/device-lane.ts'
import { postgresStore } from '../../lib/store/postgres/index.ts'
import { anyPostgres, type PostgresServer } from '../postgres-server.ts'
import { sampleDevice, sampleGrant, sampleToken } from './samples.ts'

jest.setTimeout(120_000)
const IDS = ['a1', 'b2', 'c3']

let server: PostgresServer
let database: string
let schemas = 0
let stores: PairingStore[]
beforeAll(async () => {
  server = await anyPostgres()
  database = await server.database()
})
afterAll(() => server.stop())
beforeEach(async () => {
  schemas += 1
  const open = () => postgresStore({ connectionString: database, schema: `lanes_${schemas}`, listen: false })
  stores = [await open(), await open()]
  await at(0).transaction(async (tx) => {
    for (const id of IDS) await tx.putDevice(sampleDevice(id, { createdAtMs: 0 }))
  })
})
afterEach(() => Promise.all(stores.map((store) => store.close())))

function at(n: number): PairingStore {
  const store = stores[n % stores.length]
  if (store === undefined) throw new Error('no store')
  return store
}

/** Counts in the device's own row. */
async function count(tx: PairingTransaction, id: string): Promise<void> {
  const device = await tx.device(id)
  if (device === null) throw new Error(`${id} is gone`)
  await tx.putDevice({ ...device, createdAtMs: device.createdAtMs + 1 })
  await tx.putToken(sampleToken(id))
}

describe('transactions of a known device', () => {
  test('run beside those of other devices', async () => {
    const both: (() => void)[] = []
    // Each waits for the other in mid-transaction: one after the other, they would wait for ever.
    const meet = new Promise<void>((resolve) => both.push(resolve))
    let inside = 0
    const work = (id: string) => (tx: PairingTransaction) => {
      inside += 1
      if (inside === 2) both[0]?.()
      return meet.then(() => count(tx, id))
    }
    await Promise.all([
      at(0).transaction(work('a1'), { device: 'a1' }),
      at(1).transaction(work('b2'), { device: 'b2' }),
    ])
  })

  test('of the same device run one after the other, and lose nothing', async () => {
    const all = Array.from({ length: 100 }, (_, n) =>
      at(n).transaction((tx) => count(tx, 'a1'), { device: 'a1' }),
    )
    await Promise.all(all)
    expect((await at(0).transaction((tx) => tx.device('a1')))?.createdAtMs).toBe(100)
  })

  test('that do more than that are rolled back and run again, alone', async () => {
    let runs = 0
    await at(0).transaction(
      async (tx) => {
        runs += 1
        await count(tx, 'a1')
        await tx.putGrant(sampleGrant('a1'))
      },
      { device: 'a1' },
    )
    expect(runs).toBe(2)
    const found = await at(1).transaction(async (tx) => [
      (await tx.device('a1'))?.createdAtMs,
      await tx.grants('a1'),
    ])
    expect(found).toEqual([1, [sampleGrant('a1')]])
  })

  test('that swallow the refusal are run again all the same', async () => {
    let runs = 0
    const work = async (tx: PairingTransaction): Promise<string> => {
      runs += 1
      await tx.putSetting('k', String(runs)).catch(() => undefined)
      return 'done'
    }
    expect(await at(0).transaction(work, { device: 'a1' })).toBe('done')
    expect([runs, await at(1).transaction((tx) => tx.setting('k'))]).toEqual([2, '2'])
  })

  test.each(['unknown', 'zz', "a1' or true --", '', 'ffff'])(
    'of %j, which is not known, run alone',
    async (id) => {
      await at(0).transaction((tx) => tx.putDevice(sampleDevice(id)), { device: id })
      expect(await at(1).transaction((tx) => tx.device(id))).toEqual(sampleDevice(id))
      expect(await at(1).transaction((tx) => tx.devices({ limit: 9 }))).toHaveLength(4)
    },
  )

  test('reject with the error of the work, and leave nothing behind', async () => {
    const failure = new Error('changed its mind')
    const failing = at(0).transaction(
      async (tx) => {
        await count(tx, 'a1')
        throw failure
      },
      { device: 'a1' },
    )
    await expect(failing).rejects.toBe(failure)
    expect((await at(1).transaction((tx) => tx.device('a1')))?.createdAtMs).toBe(0)
  })

  test('are waited for when the store is closed, and refused after it', async () => {
    const log: string[] = []
    const slow = at(0).transaction(
      async (tx) => {
        await count(tx, 'a1')
        // Leaves its lane while the store is closing.
        await tx.putSetting('k', 'v')
        log.push('done')
      },
      { device: 'a1' },
    )
    const closing = at(0)
      .close()
      .then(() => log.push('closed'))
    await expect(at(0).transaction((tx) => count(tx, 'a1'), { device: 'a1' })).rejects.toMatchObject({
      code: 'STORE_CLOSED',
    })
    await Promise.all([slow, closing])
    expect(log).toEqual(['done', 'closed'])
  })
})

type Step = {
  readonly store: number
  readonly device: string
  readonly kind: 'count' | 'sum' | 'grant' | 'leave'
}

const steps = fc.array(
  fc.record<Step>({
    store: fc.nat(1),
    device: fc.constantFrom(...IDS),
    kind: fc.constantFrom<Step['kind']>('count', 'count', 'sum', 'grant', 'leave'),
  }),
  { minLength: 5, maxLength: 40 },
)

test('in any mixture, nobody sees anything change under them, and nothing is lost', async () => {
  let grants = 0
  const run = (step: Step): Promise<void> => {
    const { device } = step
    const hint = { device }
    if (step.kind === 'count') return at(step.store).transaction((tx) => count(tx, device), hint)
    if (step.kind === 'leave')
      return at(step.store).transaction(async (tx) => {
        await count(tx, device)
        await tx.putSetting('left', String(Number((await tx.setting('left')) ?? 0) + 1))
      }, hint)
    if (step.kind === 'grant') {
      grants += 1
      const id = `g${grants}`
      return at(step.store).transaction((tx) => tx.putGrant(sampleGrant(device, { id })))
    }
    return at(step.store).transaction(async (tx) => {
      const before = await sum(tx)
      expect(await sum(tx)).toBe(before)
    })
  }
  let expected = await at(0).transaction(sum)
  let left = 0
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      await Promise.all(all.map(run))
      expected += all.filter(({ kind }) => kind === 'count' || kind === 'leave').length
      left += all.filter(({ kind }) => kind === 'leave').length
      await at(1).transaction(async (tx) => {
        expect(await sum(tx)).toBe(expected)
        expect(Number((await tx.setting('left')) ?? 0)).toBe(left)
        const all = await Promise.all(IDS.map((id) => tx.grants(id)))
        expect(all.flat()).toHaveLength(grants)
      })
    }),
    { numRuns: 15 },
  )
})

async function sum(tx: PairingTransaction): Promise<number> {
  const devices = await tx.devices({ limit: 100 })
  return devices.reduce((total, { createdAtMs }) => total + createdAtMs, 0)
}

test('the lane refuses every operation that could be seen by another device’s', async () => {
  const store = memoryStore()
  await store.transaction(async (tx) => {
    for (const id of IDS) await tx.putDevice(sampleDevice(id))
    const lane = deviceLane(tx, 'a1')
    // Of the two tables that it changes it sees its own rows alone.
    await expect(lane.device('b2')).rejects.toBeInstanceOf(LeftLane)
    await expect(lane.tokens('b2')).rejects.toBeInstanceOf(LeftLane)
    await expect(lane.devices({ limit: 1 })).rejects.toBeInstanceOf(LeftLane)
    await expect(lane.putDevice(sampleDevice('b2'))).rejects.toBeInstanceOf(LeftLane)
    await expect(lane.putToken(sampleToken('b2'))).rejects.toBeInstanceOf(LeftLane)
    await lane.putDevice(sampleDevice('a1'))
    await lane.putToken(sampleToken('a1'))
    const writes = Object.keys(tx).filter(
      (name) => /^(put|add|delete)/.test(name) && !['putDevice', 'putToken'].includes(name),
    )
    expect(writes.length).toBeGreaterThan(10)
    const operations = new Map(Object.entries(lane)) as Map<string, (...args: unknown[]) => Promise<unknown>>
    for (const name of writes) {
      const operation = operations.get(name)
      if (operation === undefined) throw new Error(name)
      await expect(operation('a1', 1, 1)).rejects.toBeInstanceOf(LeftLane)
    }
  })
  await store.close()
})
