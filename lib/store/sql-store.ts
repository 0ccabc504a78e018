import type { Kysely } from 'kysely'
import type { PairingStore } from '../pairing/pairing-store.ts'
import { guardedWork } from './guarded-work.ts'
import type { StoreTables } from './schema.ts'
import { serialQueue } from './serial-queue.ts'
import { sqlTransaction } from './sql-transaction.ts'

export type SqlStoreParts = {
  /** With tables that are up to date. Its transactions must exclude those of every other process. */
  db: Kysely<StoreTables>
  /** Says what a driver's error means as a `LatchkeyError`; hands others back as they are. */
  explainError: (error: unknown) => Error
  /** Throws when the tables are no longer as they were when the store was opened; called in each transaction. */
  checkBegun: () => void
  /** Gives the database back, after the last transaction. */
  release: () => Promise<void>
}

/** The store on a database that one process at a time writes to through Kysely's own transactions. */
export function sqlStore({ db, explainError, checkBegun, release }: SqlStoreParts): PairingStore {
  const queue = serialQueue()
  return {
    transaction: (work) =>
      queue.run(() =>
        runWork(
          (begun) => db.transaction().execute(begun),
          async (trx: Kysely<StoreTables>) => {
            checkBegun()
            return guardedWork(sqlTransaction(trx), work, explainError)
          },
          explainError,
        ),
      ),
    close: () => queue.close(release),
  }
}

/** Runs `work` between begin and commit; errors of those two are explained, those of `work` are its own. */
export async function runWork<D, T>(
  begin: (work: (db: D) => Promise<T>) => Promise<T>,
  work: (db: D) => Promise<T>,
  explainError: (error: unknown) => Error,
): Promise<T> {
  const failure: { isFromWork: boolean } = { isFromWork: false }
  try {
    return await begin(async (db) => {
      try {
        return await work(db)
      } catch (error) {
        failure.isFromWork = true
        throw error
      }
    })
  } catch (error) {
    if (failure.isFromWork) throw error
    throw explainError(error)
  }
}
