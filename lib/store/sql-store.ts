import type { Kysely } from 'kysely'
import type { PairingStore, PairingTransaction } from '../pairing/pairing-store.ts'
import { guardedWork } from './guarded-work.ts'
import type { StoreTables } from './schema.ts'
import { serialQueue } from './serial-queue.ts'
import { sqlTransaction } from './sql-transaction.ts'

export type SqlStoreParts = {
  /** With tables that are up to date. Its transactions must exclude those of every other process. */
  db: Kysely<StoreTables>
  /** Says what a driver's error means as a `LatchkeyError`; hands others back as they are. */
  explainError: (error: unknown) => Error
  /** Gives the database back, after the last transaction. */
  release: () => Promise<void>
}

/** The store on any database that Kysely speaks to. */
export function sqlStore({ db, explainError, release }: SqlStoreParts): PairingStore {
  const queue = serialQueue()

  async function runTransaction<T>(work: (tx: PairingTransaction) => Promise<T>): Promise<T> {
    const failure: { isFromWork: boolean } = { isFromWork: false }
    try {
      return await db.transaction().execute(async (trx) => {
        try {
          return await guardedWork(sqlTransaction(trx), work, explainError)
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

  return {
    transaction: (work) => queue.run(() => runTransaction(work)),
    close: () => queue.close(release),
  }
}
