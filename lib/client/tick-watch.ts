import type { StartTimer } from './client-platform.ts'

const MAX_MS = 2 ** 31 - 1

/**
 * Notices when a gateway has fallen silent: it sends a tick per interval, so after two whole intervals without
 * any frame the connection is dead, whatever TCP believes.
 */
export type TickWatch = { seen(): void; stop(): void }

export function watchTicks(startTimer: StartTimer, tickIntervalMs: number, onSilence: () => void): TickWatch {
  const periodMs = Math.min(tickIntervalMs, MAX_MS)
  let silentPeriods = 0
  let stop = next()

  function next(): () => void {
    return startTimer(() => {
      silentPeriods += 1
      if (silentPeriods > 2) onSilence()
      else stop = next()
    }, periodMs)
  }
  return {
    seen: () => {
      silentPeriods = 0
    },
    stop: () => {
      stop()
    },
  }
}
