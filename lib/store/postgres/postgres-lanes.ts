import { AsyncLocalStorage } from 'node:async_hooks'
import type { Pool } from 'pg'
import { LatchkeyError } from '../../errors.ts'
import type { PairingStore, PairingTransaction } from '../../pairing/pairing-store.ts'
import { guardedWork } from '../guarded-work.ts'
import { serialQueue } from '../serial-queue.ts'
import { runWork } from '../sql-store.ts'
import { deviceLane, fitsLane, LeftLane } from './device-lane.ts'
import type { PostgresLocation } from './postgres-location.ts'
import type { PostgresConfig } from './postgres-options.ts'
import { transactionRunner, type Begun } from './postgres-transaction.ts'
import { beginTexts } from './transaction-texts.ts'

/** The kept time is this old: only a transaction that runs alone renews it. */
const OLD_TIME_MS = 60_000

export type PostgresLanesOptions = {
  readonly config: PostgresConfig
  readonly location: PostgresLocation
  readonly channel: string
  readonly explainError: (error: unknown) => Error
}

type Work<T> = (tx: PairingTransaction) => Promise<T>

/**
 * Transactions in two lanes. Those without a hint run alone, in the order of the calls. Those of a known device run
 * beside each other, see {@link deviceLane}; the one that turns out to do more is rolled back and runs alone.
 */
export function postgresLanes(
  pool: Pool,
  { config, location, channel, explainError }: PostgresLanesOptions,
): { readonly run: PairingStore['transaction']; readonly close: () => Promise<void> } {
  const begin = transactionRunner(pool, location)
  const texts = beginTexts(config)
  const queue = { inside: new AsyncLocalStorage<{ running: boolean }>(), maxWaitMs: config.waitTimeoutMs }
  const alone = serialQueue(queue)
  // One connection is left for those who run alone.
  const beside = serialQueue({ ...queue, width: Math.max(1, config.poolSize - 1) })
  const underWay = new Set<Promise<unknown>>()
  let isClosed = false
  let latestMs = 0

  function operationsOf({ operations, nowMs, atCommit }: Begun): PairingTransaction {
    // Between what the server keeps of its time and now lie some seconds, which only this process knows of.
    latestMs = Math.max(latestMs, nowMs)
    const transactionMs = latestMs
    return {
      ...operations,
      nowMs: () => Promise.resolve(transactionMs),
      async addEvent(event) {
        atCommit[0] = `select pg_notify('${channel}', '')`
        return operations.addEvent(event)
      },
    }
  }

  const runAlone = <T>(work: Work<T>): Promise<T> =>
    alone.run(() =>
      runWork(
        (begun: (value: Begun) => Promise<T>) => begin(texts.alone, begun),
        (begun) => guardedWork(operationsOf(begun), work, explainError),
        explainError,
      ),
    )

  const explainUnlessLeft = (error: unknown): Error =>
    error instanceof LeftLane ? error : explainError(error)

  const runBeside = <T>(work: Work<T>, device: string): Promise<T> =>
    beside.run(() =>
      runWork(
        (begun: (value: Begun) => Promise<T>) => begin(texts.beside(device), begun),
        (begun) => {
          const { found = 0, drift_ms: driftMs = -1 } = begun.row
          if (found === 0 || driftMs < 0 || driftMs > OLD_TIME_MS) throw new LeftLane()
          return guardedWork(deviceLane(operationsOf(begun), device), work, explainUnlessLeft)
        },
        explainError,
      ),
    )

  async function runInLane<T>(work: Work<T>, device: string | undefined): Promise<T> {
    if (device === undefined || config.poolSize === 1 || !fitsLane(device)) return runAlone(work)
    try {
      return await runBeside(work, device)
    } catch (error) {
      if (!(error instanceof LeftLane)) throw error
      return runAlone(work)
    }
  }

  return {
    async run(work, hint) {
      if (isClosed) throw new LatchkeyError('STORE_CLOSED')
      const result = runInLane(work, hint?.device)
      underWay.add(result)
      const settled = (): void => void underWay.delete(result)
      result.then(settled, settled)
      return result
    },
    async close() {
      if (!isClosed) alone.refuseInside()
      isClosed = true
      while (underWay.size > 0) await Promise.allSettled(underWay)
    },
  }
}
