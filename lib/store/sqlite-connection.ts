import { setTimeout as sleep } from 'node:timers/promises'
import type Database from 'better-sqlite3'
import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely'
import { isSqliteError } from './sqlite-error.ts'

/** The store has some sixty statements, and lists of states make a few more. */
const REMEMBERED = 256

/**
 * Runs statements and keeps them prepared, as the same few come with every connection; SQLite itself prepares one anew
 * when the schema has changed under it. Transactions take the write lock when they begin, so that none fails when it
 * first writes.
 */
export class PreparedConnection implements DatabaseConnection {
  readonly #database: Database.Database
  readonly #busyTimeoutMs: number
  readonly #prepared = new Map<string, Database.Statement>()
  /** Begun, and neither committed nor rolled back as far as is known. */
  #isBegun = false

  /** @param busyTimeoutMs how long a transaction waits for another process's */
  constructor(database: Database.Database, busyTimeoutMs: number) {
    this.#database = database
    this.#busyTimeoutMs = busyTimeoutMs
    // SQLite's own waiting would stop the event loop, and with it a lock's holder in this same process. Only a
    // transaction that begins has to wait: with write-ahead logging its statements and its commit find the lock taken.
    database.pragma('busy_timeout = 0')
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- what it throws must become a rejection
  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const statement = this.#prepare(sql)
    if (statement.reader) return { rows: statement.all(parameters) as R[] }
    const { changes, lastInsertRowid } = statement.run(parameters)
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) }
  }

  streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new TypeError('the store reads no streams')
  }

  async begin(): Promise<void> {
    // Left behind when a rollback failed.
    if (this.#isBegun && this.#database.inTransaction) this.#prepare('rollback').run()
    const begin = this.#prepare('begin immediate')
    const deadline = performance.now() + this.#busyTimeoutMs
    for (;;) {
      try {
        begin.run()
        this.#isBegun = true
        return
      } catch (error) {
        if (!isBusy(error) || performance.now() >= deadline) throw error
      }
      await sleep(1 + Math.random() * 9)
    }
  }

  commit(): void {
    this.#prepare('commit').run()
    this.#isBegun = false
  }

  rollback(): void {
    // SQLite rolls back by itself after some errors (disk full, I/O), and a second rollback would hide them.
    if (!this.#database.inTransaction) return
    try {
      this.#prepare('rollback').run()
      this.#isBegun = false
    } catch {
      // The error that led here matters more; the next transaction tries again.
    }
  }

  #prepare(sql: string): Database.Statement {
    const known = this.#prepared.get(sql)
    if (known !== undefined) return known
    const statement = this.#database.prepare(sql)
    if (this.#prepared.size >= REMEMBERED) this.#prepared.clear()
    this.#prepared.set(sql, statement)
    return statement
  }
}

function isBusy(error: unknown): boolean {
  return isSqliteError(error) && error.code.startsWith('SQLITE_BUSY')
}
