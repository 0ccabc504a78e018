import type { PairingStore, PairingTransaction } from '../pairing/pairing-store.ts'
import { guardedWork } from './guarded-work.ts'
import { serialQueue } from './serial-queue.ts'

/** One connection, on which one transaction at a time is begun and ended. */
export type TransactionConnection = {
  begin(): Promise<void>
  commit(): void
  /** Never throws: what led to it matters more. */
  rollback(): void
}

export type SqlStoreParts = {
  /** Its transactions must exclude those of every other process. */
  connection: TransactionConnection
  /** On that connection, whose tables are up to date. */
  operations: PairingTransaction
  /** Says what a driver's error means as a `LatchkeyError`; hands others back as they are. */
  explainError: (error: unknown) => Error
  /** Throws when the tables are no longer as they were when the store was opened; called in each transaction. */
  checkBegun: () => void
  /** Gives the database back, after the last transaction. */
  release: () => Promise<void>
}

/** The store on a database that one process at a time writes to. */
export function sqlStore({
  connection,
  operations,
  explainError,
  checkBegun,
  release,
}: SqlStoreParts): PairingStore {
  const queue = serialQueue()

  async function begun<T>(work: (begun: TransactionConnection) => Promise<T>): Promise<T> {
    await connection.begin()
    try {
      const result = await work(connection)
      connection.commit()
      return result
    } catch (error) {
      connection.rollback()
      throw error
    }
  }

  return {
    transaction: (work) =>
      queue.run(() =>
        runWork(
          begun,
          async () => {
            checkBegun()
            return guardedWork(operations, work, explainError)
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
