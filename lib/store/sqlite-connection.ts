import type Database from 'better-sqlite3'
import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely'

/** The store has some sixty statements, and lists of states make a few more. */
const REMEMBERED = 256

/**
 * Runs statements and keeps them prepared, as the same few come with every connection. SQLite itself prepares one anew
 * when the schema has changed under it.
 */
export class PreparedConnection implements DatabaseConnection {
  readonly #database: Database.Database
  readonly #prepared = new Map<string, Database.Statement>()

  constructor(database: Database.Database) {
    this.#database = database
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

  #prepare(sql: string): Database.Statement {
    const known = this.#prepared.get(sql)
    if (known !== undefined) return known
    const statement = this.#database.prepare(sql)
    if (this.#prepared.size >= REMEMBERED) this.#prepared.clear()
    this.#prepared.set(sql, statement)
    return statement
  }
}
