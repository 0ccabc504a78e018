import { LatchkeyError } from '../errors.ts'
import type { PairingTransaction } from '../pairing/pairing-store.ts'

type Operation = (...args: unknown[]) => Promise<unknown>

/**
 * Runs the work of one transaction. When it settles, so has every operation it began, and it may be committed
 * if and only if this resolves: after an operation has failed nothing is committed, even when `work` went on.
 */
export async function guardedWork<T>(
  operations: PairingTransaction,
  work: (tx: PairingTransaction) => Promise<T>,
  explainError: (error: unknown) => Error = (error) => error as Error,
): Promise<T> {
  const underWay = new Set<Promise<unknown>>()
  let failure: Error | undefined
  let ended = false

  async function attempt(operation: Operation, args: unknown[]): Promise<unknown> {
    try {
      return await operation(...args)
    } catch (error) {
      failure ??= explainError(error)
      throw failure
    }
  }

  const guard =
    (operation: Operation): Operation =>
    (...args) => {
      // A late statement would run outside the transaction, or inside somebody else's.
      if (ended) return Promise.reject(new LatchkeyError('STORE_CLOSED', 'the transaction has ended'))
      // SQLite may have rolled back by itself, PostgreSQL accepts no more: the next statement must not run.
      if (failure !== undefined) return Promise.reject(failure)
      const result = attempt(operation, args)
      underWay.add(result)
      const settled = () => underWay.delete(result)
      result.then(settled, settled)
      return result
    }

  // Few of the many operations are used in one transaction: only those are wrapped.
  const guarded = new Proxy(operations, {
    get(target, name) {
      const operation = Reflect.get(target, name) as Operation | undefined
      return operation === undefined ? undefined : guard(operation)
    },
  })
  let result: T
  try {
    result = await work(guarded)
  } finally {
    while (underWay.size > 0) await Promise.allSettled(underWay)
    ended = true
  }
  if (failure !== undefined) throw failure
  return result
}
