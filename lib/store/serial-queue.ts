import { AsyncLocalStorage } from 'node:async_hooks'
import { LatchkeyError } from '../errors.ts'

export type SerialQueue = {
  /** Runs jobs one after the other, in the order of the calls. Rejects with `STORE_CLOSED` after `close`. */
  run<T>(job: () => Promise<T>): Promise<T>
  /** Waits for the jobs that were accepted, then runs `finish` once; every call gets that one's outcome. */
  close(finish: () => Promise<void>): Promise<void>
}

export function serialQueue(): SerialQueue {
  const current = new AsyncLocalStorage<{ running: boolean }>()
  let last: Promise<unknown> = Promise.resolve()
  let closing: Promise<void> | undefined

  async function inOrder<T>(job: () => Promise<T>): Promise<T> {
    const mark = { running: true }
    try {
      return await current.run(mark, job)
    } finally {
      mark.running = false
    }
  }

  function refuseInside(): void {
    if (current.getStore()?.running !== true) return
    throw new LatchkeyError(
      'STORE_UNAVAILABLE',
      'the store was asked for a transaction, or to close, from inside a transaction of its own, which would ' +
        'wait for itself for ever: use the `tx` that the work was given, and await everything before it ends',
      { details: { retryable: false } },
    )
  }

  return {
    async run(job) {
      if (closing !== undefined) throw new LatchkeyError('STORE_CLOSED')
      refuseInside()
      const turn = last.then(() => inOrder(job))
      last = turn.catch(() => undefined)
      return turn
    },
    async close(finish) {
      if (closing === undefined) {
        refuseInside()
        closing = last.then(finish)
      }
      return closing
    },
  }
}
