import Database from 'better-sqlite3'
import { SqliteDialect, SqliteDriver, type DatabaseConnection } from 'kysely'
import { PreparedConnection } from './sqlite-connection.ts'

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

/** Kysely's SQLite on the connection of the store. */
export class ImmediateSqliteDialect extends SqliteDialect {
  readonly connection: PreparedConnection
  readonly #database: Database.Database

  constructor(database: Database.Database, busyTimeoutMs: number) {
    super({ database })
    this.#database = database
    this.connection = new PreparedConnection(database, busyTimeoutMs)
  }

  override createDriver(): SqliteDriver {
    return new ImmediateSqliteDriver(this.#database, this.connection)
  }
}

class ImmediateSqliteDriver extends SqliteDriver {
  readonly #connection: PreparedConnection

  constructor(database: Database.Database, connection: PreparedConnection) {
    super({ database })
    this.#connection = connection
  }

  override acquireConnection(): Promise<DatabaseConnection> {
    return Promise.resolve(this.#connection)
  }

  override beginTransaction(): Promise<void> {
    return this.#connection.begin()
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- what it throws must become a rejection
  override async commitTransaction(): Promise<void> {
    this.#connection.commit()
  }

  override rollbackTransaction(): Promise<void> {
    this.#connection.rollback()
    return Promise.resolve()
  }
}
