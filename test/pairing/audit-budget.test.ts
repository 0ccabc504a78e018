import { expect, test } from '@jest/globals'
import { auditBudget, type AuditBudget } from '../../lib/pairing/audit-budget.ts'
import { onEachStore } from './on-each-store.ts'

const HOUR_MS = 3_600_000

onEachStore('what strangers may write into the log in an hour', {}, (bench) => {
  const at = <T>(nowMs: number, work: (budget: AuditBudget) => Promise<T>): Promise<T> =>
    bench.store.transaction((tx) => work(auditBudget(tx, nowMs, 2)))
  const spend = (nowMs: number) => at(nowMs, (budget) => budget.spend())
  const leftOut = (nowMs: number) => at(nowMs, (budget) => budget.takeLeftOut())

  test('is so many entries; what is beyond is counted, and told once the hour is over', async () => {
    expect([await spend(0), await spend(1), await spend(2), await spend(HOUR_MS - 1)]).toEqual([true, true, false, false]) // prettier-ignore
    expect(await leftOut(HOUR_MS - 1)).toBe(0)
    expect([await leftOut(HOUR_MS), await leftOut(HOUR_MS)]).toEqual([2, 0])
    expect([await spend(HOUR_MS), await spend(HOUR_MS), await spend(HOUR_MS)]).toEqual([true, true, false])
  })

  test('begins anew after an hour, with nothing left over', async () => {
    expect([await spend(0), await spend(HOUR_MS - 1)]).toEqual([true, true])
    expect([await spend(HOUR_MS), await spend(HOUR_MS), await spend(2 * HOUR_MS - 1)]).toEqual([true, true, false]) // prettier-ignore
    expect(await leftOut(2 * HOUR_MS)).toBe(1)
  })

  test('is not begun by asking what was left out', async () => {
    expect([await spend(0), await leftOut(HOUR_MS)]).toEqual([true, 0])
    expect([await spend(HOUR_MS + 10), await spend(HOUR_MS + 10)]).toEqual([true, true])
    expect([await spend(2 * HOUR_MS + 9), await spend(2 * HOUR_MS + 10)]).toEqual([false, true])
  })

  test('ends too when the clock was set back, and not for a clock that differs a little', async () => {
    for (const nowMs of [10 * HOUR_MS, 10 * HOUR_MS]) await spend(nowMs)
    expect(await spend(9 * HOUR_MS + 1)).toBe(false)
    expect(await spend(9 * HOUR_MS)).toBe(true)
  })

  test.each(['', 'null', '7', '{}', '{"startedAtMs":"0","spent":2,"leftOut":0}', '{"startedAtMs":0,"spent":"2","leftOut":0}', '{"startedAtMs":0,"spent":2,"leftOut":null}'])(
    'begins anew when what was kept cannot be read: %s',
    async (text) => {
      await bench.store.transaction((tx) => tx.putSetting('audit-budget', text))
      expect(await leftOut(HOUR_MS)).toBe(0)
      expect([await spend(1), await spend(1), await spend(1)]).toEqual([true, true, false])
    },
  ) // prettier-ignore
})
