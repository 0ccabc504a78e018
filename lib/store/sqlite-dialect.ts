import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { CompiledQuery, SqliteDialect, SqliteDriver, type DatabaseConnection } from 'kysely'
import { PreparedConnection } from './sqlite-connection.ts'
import { isSqliteError } from './sqlite-error.ts'

/** `LKEY`: how SQLite files say whose they are. */
export const APPLICATION_ID = 0x4c4b4559

/** Opens a file that exists, with the settings that the store's promises rest on. */
export function openDatabase(file: string, busyTimeoutMs: number): Database.Database {
  const database = new Database(file, { fileMustExist: true, timeout: busyTimeoutMs })
  try {
    database.pragma('journal_mode = WAL')
    // WAL's default, NORMAL, may lose the last commits with the power.
    database.pragma('synchronous = FULL')
    database.pragma('foreign_keys = ON')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** SQLite whose transactions take the write lock when they begin, so that none fails when it first writes. */
export class ImmediateSqliteDialect extends SqliteDialect {
  readonly #database: Database.Database
  readonly #busyTimeoutMs: number

  constructor(database: Database.Database, busyTimeoutMs: number) {
    super({ database })
    this.#database = database
    this.#busyTimeoutMs = busyTimeoutMs
  }

  override createDriver(): SqliteDriver {
    return new ImmediateSqliteDriver(this.#database, this.#busyTimeoutMs)
  }
}

class ImmediateSqliteDriver extends SqliteDriver {
  readonly #database: Database.Database
  readonly #busyTimeoutMs: number
  readonly #connection: PreparedConnection

  constructor(database: Database.Database, busyTimeoutMs: number) {
    super({ database })
    this.#database = database
    this.#busyTimeoutMs = busyTimeoutMs
    this.#connection = new PreparedConnection(database)
  }

  override acquireConnection(): Promise<DatabaseConnection> {
    return Promise.resolve(this.#connection)
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    // Left behind when a rollback failed.
    if (this.#database.inTransaction) await connection.executeQuery(CompiledQuery.raw('rollback'))
    // SQLite's own waiting would stop the event loop, and with it a lock's holder in this same process.
    this.#database.pragma('busy_timeout = 0')
    try {
      await this.#beginWhenFree(connection)
    } finally {
      this.#database.pragma(`busy_timeout = ${this.#busyTimeoutMs}`)
    }
  }

  async #beginWhenFree(connection: DatabaseConnection): Promise<void> {
    const deadline = performance.now() + this.#busyTimeoutMs
    for (;;) {
      try {
        await connection.executeQuery(CompiledQuery.raw('begin immediate'))
        return
      } catch (error) {
        if (!isBusy(error) || performance.now() >= deadline) throw error
      }
      await sleep(1 + Math.random() * 9)
    }
  }

  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    // SQLite rolls back by itself after some errors (disk full, I/O), and a second rollback would hide them.
    if (!this.#database.inTransaction) return
    try {
      await connection.executeQuery(CompiledQuery.raw('rollback'))
    } catch {
      // The error that led here matters more; the next transaction tries again.
    }
  }
}

function isBusy(error: unknown): boolean {
  return isSqliteError(error) && error.code.startsWith('SQLITE_BUSY')
}
