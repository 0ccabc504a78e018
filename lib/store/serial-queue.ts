import { AsyncLocalStorage } from 'node:async_hooks'
import { LatchkeyError } from '../errors.ts'

export type SerialQueue = {
  /** Runs jobs one after the other, in the order of the calls. Rejects with `STORE_CLOSED` after `close`. */
  run<T>(job: () => Promise<T>): Promise<T>
  /** Waits for the jobs that were accepted, then runs `finish` once; every call gets that one's outcome. */
  close(finish: () => Promise<void>): Promise<void>
  /** Throws when it is called from inside a job. */
  refuseInside(): void
}

export type QueueOptions = {
  /** Jobs that may run at a time. Default 1. */
  readonly width?: number
  /** How long a job waits for its turn before it is refused. Default: for ever. */
  readonly maxWaitMs?: number
  /** Shared by queues whose jobs must not wait for one another. */
  readonly inside?: AsyncLocalStorage<{ running: boolean }>
}

type Waiting = { readonly start: () => void; readonly timer: NodeJS.Timeout | undefined }

export function serialQueue({ width = 1, maxWaitMs, inside }: QueueOptions = {}): SerialQueue {
  const current = inside ?? new AsyncLocalStorage<{ running: boolean }>()
  const waiting = new Set<Waiting>()
  let running = 0
  let closing: Promise<void> | undefined
  let idle: (() => void) | undefined

  function next(): void {
    for (const first of waiting) {
      if (running >= width) return
      waiting.delete(first)
      clearTimeout(first.timer)
      running += 1
      first.start()
    }
    if (running === 0) idle?.()
  }

  function turn(): Promise<void> {
    return new Promise((resolve, reject) => {
      const tooLate = (): void => {
        waiting.delete(entry)
        reject(busy(maxWaitMs ?? 0))
      }
      const timer = maxWaitMs === undefined ? undefined : setTimeout(tooLate, maxWaitMs)
      const entry: Waiting = { start: resolve, timer }
      waiting.add(entry)
    })
  }

  /** What it awaits brings it back into the context that it was called in, not that of the job before it. */
  async function inTurn<T>(job: () => Promise<T>): Promise<T> {
    if (running < width && waiting.size === 0) running += 1
    else await turn()
    const mark = { running: true }
    try {
      return await current.run(mark, job)
    } finally {
      mark.running = false
      running -= 1
      next()
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
    refuseInside,
    async run(job) {
      if (closing !== undefined) throw new LatchkeyError('STORE_CLOSED')
      refuseInside()
      return inTurn(job)
    },
    async close(finish) {
      if (closing === undefined) {
        refuseInside()
        const ended = new Promise<void>((resolve) => (idle = resolve))
        closing = ended.then(finish)
        next()
      }
      return closing
    },
  }
}

function busy(waitedMs: number): LatchkeyError {
  const found = `${waitedMs} ms passed while the transactions before it were under way`
  return new LatchkeyError('STORE_UNAVAILABLE', `the store is not available: ${found}`, {
    details: { found, retryable: true },
  })
}
