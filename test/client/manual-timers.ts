import type { StartTimer } from '../../lib/client/index.ts'

type Started = { readonly ms: number; readonly fire: () => void }

/** Timers that fire when a test says so. */
export type ManualTimers = {
  readonly startTimer: StartTimer
  /** The durations of those that run, in the order in which they were started. */
  running(): number[]
  /** Fires the one with this duration that was started last. */
  fire(ms: number): void
}

export function manualTimers(): ManualTimers {
  const started = new Set<Started>()
  return {
    startTimer(callback, ms) {
      const timer: Started = {
        ms,
        fire: () => {
          started.delete(timer)
          callback()
        },
      }
      started.add(timer)
      return () => {
        started.delete(timer)
      }
    },
    running: () => [...started].map(({ ms }) => ms),
    fire(ms) {
      const timer = [...started].findLast((candidate) => candidate.ms === ms)
      if (timer === undefined)
        throw new Error(`no timer of ${ms} ms among ${[...started].map((t) => t.ms).join()}`)
      timer.fire()
    },
  }
}
