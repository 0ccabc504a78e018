import { describe, expect, test } from '@jest/globals'
import { idempotencyMemory } from '../../../lib/admin/api/idempotency.ts'
import { replayCache } from '../../../lib/admin/api/replay-cache.ts'
import type { SentAnswer } from '../../../lib/admin/api/send.ts'

const DAY_MS = 24 * 60 * 60 * 1000

describe('used proofs', () => {
  test('are remembered for longer than they are good, and then forgotten', () => {
    for (const start of [0, 100_000, 239_999]) {
      let now = 0
      const cache = replayCache(() => now)
      now = start
      expect(cache.claim('d', 'x')).toBe('fresh')
      now = start + 240_000
      expect(cache.claim('d', 'x')).toBe('replayed')
      now = start + 480_001
      expect(cache.claim('d', 'x')).toBe('fresh')
    }
  })

  test('of one device do not fill the memory of others, nor all of them the process', () => {
    const cache = replayCache(() => 0)
    for (let n = 0; n < 10_000; n += 1) expect(cache.claim('busy', String(n))).toBe('fresh')
    expect(cache.claim('busy', 'one more')).toBe('full')
    expect(cache.claim('busy', '5')).toBe('replayed')
    expect(cache.claim('calm', '1')).toBe('fresh')
    for (let n = 0; n < 100_000 - 10_001; n += 1) cache.claim(`d${n}`, 'x')
    expect(cache.claim('late', '1')).toBe('full')
  })

  test('whose credentials were not good leave no trace', () => {
    const cache = replayCache(() => 0)
    for (let n = 0; n < 200_000; n += 1) {
      expect(cache.claim('stranger', 'x')).toBe('fresh')
      cache.release('stranger', 'x')
    }
    expect(cache.claim('stranger', 'y')).toBe('fresh')
  })

  test('of two devices may have the same id', () => {
    const cache = replayCache(() => 0)
    expect([cache.claim('a', 'x'), cache.claim('b', 'x'), cache.claim('a', 'x')]).toEqual([
      'fresh',
      'fresh',
      'replayed',
    ])
  })
})

describe('given answers', () => {
  const answer = (status: number): SentAnswer => ({ status, headers: {}, text: '{}' })
  const counted = () => {
    let runs = 0
    return {
      work:
        (status = 200) =>
        () =>
          Promise.resolve((runs += 1)).then(() => answer(status)),
      runs: () => runs,
    }
  }

  test('are given again for a day', async () => {
    let now = 0
    const memory = idempotencyMemory(() => now)
    const { work, runs } = counted()
    await memory.once('a', 'k', 'x', work())
    now = DAY_MS - 1
    await memory.once('a', 'k', 'x', work())
    expect(runs()).toBe(1)
    now = DAY_MS
    await memory.once('a', 'k', 'x', work())
    expect(runs()).toBe(2)
  })

  test.each([[412], [429], [500], [503]])('of status %d are not kept', async (status) => {
    const memory = idempotencyMemory(() => 0)
    const { work, runs } = counted()
    await memory.once('a', 'k', 'x', work(status))
    await memory.once('a', 'k', 'y', work())
    expect(runs()).toBe(2)
  })

  test('of work that failed are not kept', async () => {
    const memory = idempotencyMemory(() => 0)
    await expect(memory.once('a', 'k', 'x', () => Promise.reject(new RangeError('no')))).rejects.toThrow('no')
    expect(await memory.once('a', 'k', 'x', () => Promise.resolve(answer(200)))).toEqual(answer(200))
  })

  test('of a caller with many keys make room for themselves, not for those of others', async () => {
    const memory = idempotencyMemory(() => 0)
    const { work, runs } = counted()
    await memory.once('calm', 'k', 'x', work())
    for (let n = 0; n < 501; n += 1) await memory.once('busy', String(n), 'x', work())
    for (let n = 0; n < 20; n += 1)
      for (let m = 0; m < 300; m += 1) await memory.once(`many${n}`, String(m), 'x', work())
    const before = runs()
    await memory.once('calm', 'k', 'x', work())
    expect(runs()).toBe(before)
    await memory.once('busy', '0', 'x', work())
    expect(runs()).toBe(before + 1)
  })
})
