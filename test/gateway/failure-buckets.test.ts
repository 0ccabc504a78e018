import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { FailureBuckets } from '../../lib/gateway/failure-buckets.ts'
import { collectedHeap } from '../threats/collected-heap.ts'
import { until } from './running-gateway.ts'

// 100,000 counts, among whatever else the machine has to do.
jest.setTimeout(120_000)

let buckets: FailureBuckets | null = null
afterEach(() => {
  buckets?.close()
  buckets = null
  jest.restoreAllMocks()
})

const MINUTE = 60_000
function make(options: Partial<ConstructorParameters<typeof FailureBuckets>[0]> = {}): FailureBuckets {
  buckets = new FailureBuckets({ failures: 3, windowMs: MINUTE, blockMs: 5 * MINUTE, max: 1000, ...options })
  return buckets
}

describe('a bucket of failures', () => {
  test('is used up by the last failure that it allows, for the whole time', async () => {
    const all = make()
    expect([await all.count('a'), await all.count('a')]).toEqual([false, false])
    expect(await all.usedUpForMs('a')).toBeNull()
    expect(await all.count('a')).toBe(true)
    const waitMs = (await all.usedUpForMs('a')) ?? 0
    expect(waitMs).toBeGreaterThan(4 * MINUTE)
    expect(waitMs).toBeLessThanOrEqual(5 * MINUTE)
  })

  test('is its own: another one stays open', async () => {
    const all = make({ failures: 1 })
    await all.count('a')
    expect(await all.usedUpForMs('b')).toBeNull()
  })

  test('that is used up does not stay so for longer because of further failures', async () => {
    const all = make({ failures: 1, blockMs: 400 })
    await all.count('a')
    const end = performance.now() + 5000
    while ((await all.usedUpForMs('a')) !== null && performance.now() < end) {
      expect(await all.count('a')).toBe(false)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    expect(await all.usedUpForMs('a')).toBeNull()
  })

  test('forgets failures after the window', async () => {
    const all = make({ failures: 2, windowMs: 100 })
    await all.count('a')
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(await all.count('a')).toBe(false)
  })

  test('opens again after the block', async () => {
    const all = make({ failures: 1, blockMs: 50 })
    await all.count('a')
    await until(async () => (await all.usedUpForMs('a')) === null)
    expect(await all.count('a')).toBe(true)
  })

  test.each([-3_600_000, 3_600_000])(
    'keeps to its time when the wall clock is set by %i ms',
    async (byMs) => {
      const all = make({ failures: 1, blockMs: 300 })
      await all.count('a')
      const now = Date.now
      jest.spyOn(Date, 'now').mockImplementation(() => now() + byMs)
      const waitMs = await all.usedUpForMs('a')
      expect(waitMs).toBeGreaterThanOrEqual(1)
      expect(waitMs).toBeLessThanOrEqual(300)
      await until(async () => (await all.usedUpForMs('a')) === null)
    },
  )
})

describe('100,000 prefixes that fail', () => {
  test('leave no more buckets than allowed, and the latest are those that are kept', async () => {
    const all = make({ failures: 2, max: 1000 })
    for (let i = 0; i < 100_000; i += 1) await all.count(`2001:db8:${i.toString(16)}::/64`)
    expect(all.size).toBe(1000)
    expect(await all.count(`2001:db8:${(99_999).toString(16)}::/64`)).toBe(true)
    expect(await all.count('2001:db8:0::/64')).toBe(false)
  })

  test('do not push out one that goes on failing', async () => {
    const all = make({ failures: 50, max: 100 })
    for (let i = 0; i < 1000; i += 1) {
      await all.count(`p${i}`)
      if (i % 50 === 0) await all.count('busy')
    }
    for (let i = 0; i < 29; i += 1) await all.count('busy')
    expect(await all.count('busy')).toBe(true)
  })

  test('cost a bounded amount of memory', async () => {
    const all = make({ max: 10_000 })
    for (let i = 0; i < 20_000; i += 1) await all.count(`warm ${i}`)
    const before = await collectedHeap()
    for (let i = 0; i < 100_000; i += 1) await all.count(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`)
    expect(all.size).toBe(10_000)
    // 100,000 buckets with their timers would be about 40 MB.
    expect((await collectedHeap()) - before).toBeLessThan(25e6)
  })

  test('are forgotten with a close', async () => {
    const all = make({ failures: 1 })
    await all.count('a')
    all.close()
    expect(all.size).toBe(0)
    expect(await all.usedUpForMs('a')).toBeNull()
  })
})
