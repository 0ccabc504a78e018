import { chmod, realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import type Database from 'better-sqlite3'
import { Kysely } from 'kysely'
import { LatchkeyError } from '../errors.ts'
import type { PairingStore } from '../pairing/pairing-store.ts'
import { createStoreFile } from './create-store-file.ts'
import { inspectStoreFile } from './inspect-store-file.ts'
import { migrate, newerSchema, SCHEMA_VERSION } from './migrate.ts'
import { noteOpenFile, isOpenHere } from './open-files.ts'
import type { StoreTables } from './schema.ts'
import { serialQueue } from './serial-queue.ts'
import { sqlStore } from './sql-store.ts'
import { sqlTransaction } from './sql-transaction.ts'
import { ImmediateSqliteDialect, openDatabase } from './sqlite-dialect.ts'
import { explainSqliteError, unavailableStore } from './sqlite-error.ts'

/** How the file is opened. */
export type SqliteStoreOptions = {
  /** How long a transaction waits for another process's before it rejects, in milliseconds. 5000 by default. */
  busyTimeoutMs?: number | undefined
}

// One at a time: inspecting a file while this process opens it would end the locks of the one that is open.
const openings = serialQueue()

/**
 * Opens the store in this SQLite file, and makes it (0600, missing folders 0700) when it does not exist.
 * Several processes of one machine may share it; a network file system is not for this. Permissions that let
 * others in are taken away.
 *
 * A file that exists is checked in full before it is touched; one that is damaged, not a store, or newer than
 * this release stays as it is, byte for byte. Damage inside a stored text that leaves it well-formed is not
 * noticed, nor is damage to the last commits of a process that was killed (SQLite takes them for unfinished).
 *
 * Rejects with `OPTION_INVALID`, `OPTION_UNKNOWN`, `STORE_CORRUPT`, `STORE_NEWER` or `STORE_UNAVAILABLE`.
 * Transactions reject with `STORE_UNAVAILABLE` (disk, locks; `details.retryable` says whether to try again),
 * `STORE_CORRUPT` and `STORE_CLOSED`; `NOT_FOUND` is a grant or token without its device, `INVALID_REQUEST`
 * a second pending request.
 */
export async function sqliteStore(file: string, options: SqliteStoreOptions = {}): Promise<PairingStore> {
  const busyTimeoutMs = parseOptions(file, options)
  return openings.run(async () => {
    try {
      return await openStore(path.resolve(file), busyTimeoutMs)
    } catch (error) {
      throw explainSqliteError(path.resolve(file), error)
    }
  })
}

async function openStore(named: string, busyTimeoutMs: number): Promise<PairingStore> {
  await createStoreFile(named, busyTimeoutMs)
  const file = await realpath(named)
  // What this process has open it has inspected, and must not inspect again.
  if (!(await isOpenHere(file))) await inspectStoreFile(file)
  await keepOthersOut(file)

  const database = openDatabase(file, busyTimeoutMs)
  const explainError = (error: unknown) => explainSqliteError(file, error)
  try {
    if (database.pragma('journal_mode', { simple: true }) !== 'wal') {
      throw unavailableStore(file, 'its file system does not support write-ahead logging', false)
    }
    const dialect = new ImmediateSqliteDialect(database, busyTimeoutMs)
    const { connection } = dialect
    const db = new Kysely<StoreTables>({ dialect })
    await migrate(db, `the store ${file}`)
    const forget = await noteOpenFile(file)
    const release = async () => {
      await db.destroy()
      forget()
    }
    const operations = sqlTransaction(db, connection)
    const checkBegun = versionCheck(file, database)
    return sqlStore({ connection, operations, explainError, checkBegun, release })
  } catch (error) {
    database.close()
    throw error
  }
}

/** A newer release may migrate the file while this one has it open. */
function versionCheck(file: string, database: Database.Database): () => void {
  const statement = database.prepare<[], number>('select version from latchkey_schema').pluck()
  return () => {
    const version = statement.get() ?? 0
    if (version > SCHEMA_VERSION) throw newerSchema(`the store ${file}`, version)
  }
}

async function keepOthersOut(file: string): Promise<void> {
  const { mode } = await stat(file)
  // Not fatal: whoever may write a file need not own it.
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) await chmod(file, 0o600).catch(() => undefined)
}

function parseOptions(file: unknown, options: SqliteStoreOptions): number {
  if (typeof file !== 'string' || file === '')
    throw invalid('the path of a SQLite store must be a text that is not empty')
  if (file.trim() === ':memory:')
    throw invalid('sqliteStore() keeps a file; for a store in memory use memoryStore()')
  if (file.startsWith('file:'))
    throw invalid('sqliteStore() takes a path, not a file: URL; use fileURLToPath()')
  // SQLite would cut them off, and open another file than the one that was checked.
  if (file !== file.trim() || file.includes('\0'))
    throw invalid('the path of a SQLite store has white space around it, or a NUL')
  for (const key of Object.keys(options)) {
    if (key !== 'busyTimeoutMs')
      throw new LatchkeyError('OPTION_UNKNOWN', `sqliteStore() has no option ${key}; it has busyTimeoutMs`)
  }
  const busyTimeoutMs = options.busyTimeoutMs ?? 5000
  if (!Number.isInteger(busyTimeoutMs) || busyTimeoutMs < 0 || busyTimeoutMs > 2 ** 31 - 1) {
    throw invalid('busyTimeoutMs must be a whole number of milliseconds, 0 or more')
  }
  return busyTimeoutMs
}

function invalid(message: string): LatchkeyError {
  return new LatchkeyError('OPTION_INVALID', message)
}
