import { LatchkeyError } from '../../errors.ts'
import type { Clock } from '../../pairing/index.ts'

/** A clock that stands still until it is moved. */
export type FakeClock = Clock & {
  /**
   * Moves it forward by milliseconds, and has the gateway do what is due by then: requests expire, grants end.
   * Connections that are open end by real time.
   *
   * @throws {LatchkeyError} OPTION_INVALID for a step back: the gateway's clock must not run backwards
   */
  advance(ms: number): Promise<void>
}

export function fakeClock(onMoved: () => Promise<void>): FakeClock {
  let nowMs = Date.now()
  return {
    now: () => nowMs,
    async advance(ms) {
      if (!(Number.isFinite(ms) && ms >= 0))
        throw new LatchkeyError('OPTION_INVALID', `advance: got ${String(ms)}, expected milliseconds from 0 on`)
      nowMs += ms
      await onMoved()
    },
  }
}
