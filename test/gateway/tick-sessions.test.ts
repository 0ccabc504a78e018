import { expect, test } from '@jest/globals'
import { sessionTicker } from '../../lib/gateway/tick-sessions.ts'

/** Sessions that count their ticks. */
function sessionsThat(count: number): { ticks: number; tick(): void }[] {
  return Array.from({ length: count }, () => ({
    ticks: 0,
    tick() {
      this.ticks += 1
    },
  }))
}

test('every session gets its sign of life, and other work is let in between', async () => {
  const sessions = sessionsThat(1050)
  const seen: number[] = []
  const look = (): void => {
    seen.push(sessions.filter(({ ticks }) => ticks > 0).length)
    if (seen.at(-1) !== sessions.length) setImmediate(look)
  }
  setImmediate(look)
  await sessionTicker(() => sessions)()
  expect(sessions.every(({ ticks }) => ticks === 1)).toBe(true)
  expect(seen.filter((count) => count < sessions.length).length).toBeGreaterThan(5)
})

test('a round that is due while one is under way is left out, so nobody is asked twice for one answer', async () => {
  const sessions = sessionsThat(250)
  const tick = sessionTicker(() => sessions)
  await Promise.all([tick(), tick(), tick()])
  expect(sessions.every(({ ticks }) => ticks === 1)).toBe(true)
  await tick()
  expect(sessions.every(({ ticks }) => ticks === 2)).toBe(true)
})

test('sessions that come and go during a round do not disturb it', async () => {
  const all = new Set(sessionsThat(150))
  const [first] = all
  const late = sessionsThat(1)
  if (first !== undefined)
    first.tick = function () {
      this.ticks += 1
      for (const gone of [...all].slice(1, 3)) all.delete(gone)
      for (const one of late) all.add(one)
    }
  await sessionTicker(() => all)()
  expect([...all].filter((one) => !late.includes(one)).every(({ ticks }) => ticks === 1)).toBe(true)
})
