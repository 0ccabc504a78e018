import { setImmediate as turn } from 'node:timers/promises'

/** Between two of these, whoever waits for an answer gets it. */
const AT_ONCE = 100

type Ticking = { tick(nowMs: number): void }

/**
 * Gives all sessions their sign of life, in rounds. With ten thousand of them a round takes long enough to be felt by
 * the others, so it lets other work in between; one that is due while the last is under way is left out.
 *
 * @returns what begins a round
 */
export function sessionTicker(sessions: () => Iterable<Ticking>): () => Promise<void> {
  let isUnderWay = false
  return async () => {
    if (isUnderWay) return
    isUnderWay = true
    try {
      let ticked = 0
      for (const session of [...sessions()]) {
        if (ticked > 0 && ticked % AT_ONCE === 0) await turn()
        session.tick(Date.now())
        ticked += 1
      }
    } finally {
      isUnderWay = false
    }
  }
}
