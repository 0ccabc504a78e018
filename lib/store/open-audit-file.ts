import { copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import Database from 'better-sqlite3'
import { newerSchema, SCHEMA_VERSION } from './migrate.ts'
import { APPLICATION_ID } from './sqlite-dialect.ts'
import { corruptStore, explainSqliteError, isSqliteError, unavailableStore } from './sqlite-error.ts'

const PAGE = 500
const ATTEMPTS = 10

/** The audit log in a store's file, for somebody who only looks. */
export type AuditFile = {
  /** What `work` reads is the store at one moment. */
  read<T>(work: (stored: StoredAudit) => T): T
  close(): void
}

/** Rows are as SQLite has them: nothing about them was checked. */
export type StoredAudit = {
  readonly gatewayId: string | null
  readonly head: string | null
  pages(): Iterable<readonly unknown[]>
}

/**
 * Opens the log without a gateway, and beside one that serves. Writes nothing into the file and leaves none
 * beside it: a store that nobody has open is looked at in a copy, because SQLite would make its -wal anew.
 *
 * @throws {LatchkeyError} STORE_UNAVAILABLE, STORE_CORRUPT, STORE_NEWER
 */
export function openAuditFile(named: string): AuditFile {
  const file = path.resolve(named)
  const explained = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw explain(file, error)
    }
  }
  const { database, remove } = explained(() => openForReading(file))
  const close = (): void => {
    database.close()
    remove()
  }
  try {
    explained(() => checkFile(file, database))
  } catch (error) {
    close()
    throw error
  }
  return {
    read: (work) => explained(() => database.transaction(() => work(storedAudit(database)))()),
    close,
  }
}

type Opened = { readonly database: Database.Database; readonly remove: () => void }

function openForReading(file: string): Opened {
  for (let attempt = 1; ; attempt += 1) {
    const before = fingerprint(file)
    if (before.isOpen) return { database: openReadOnly(file), remove: () => undefined }
    const folder = mkdtempSync(path.join(tmpdir(), `latchkey-${process.pid}-`))
    const remove = (): void => rmSync(folder, { recursive: true, force: true })
    try {
      const copy = path.join(folder, 'store.db')
      copyFileSync(file, copy)
      // Else somebody has begun to write meanwhile, and the copy may be torn.
      if (fingerprint(file).text === before.text) return { database: openReadOnly(copy), remove }
    } catch (error) {
      remove()
      throw error
    }
    remove()
    if (attempt === ATTEMPTS) throw unavailableStore(file, 'it changes too fast to be read', true)
  }
}

function fingerprint(file: string): { readonly isOpen: boolean; readonly text: string } {
  const { ino, size, mtimeNs } = statSync(file, { bigint: true })
  const isOpen = statSync(`${file}-wal`, { throwIfNoEntry: false }) !== undefined
  return { isOpen, text: `${ino} ${size} ${mtimeNs} ${isOpen}` }
}

function openReadOnly(file: string): Database.Database {
  const database = new Database(file, { readonly: true, fileMustExist: true })
  // What was put into the schema from outside must not run.
  database.pragma('trusted_schema = OFF')
  return database
}

function checkFile(file: string, database: Database.Database): void {
  if (database.pragma('application_id', { simple: true }) !== APPLICATION_ID)
    throw corruptStore(file, "it is a SQLite database, but not Latchkey's")
  const version: unknown = database.prepare('select version from latchkey_schema').pluck().get()
  if (typeof version === 'number' && version > SCHEMA_VERSION) throw newerSchema(`the store ${file}`, version)
}

function storedAudit(database: Database.Database): StoredAudit {
  const setting = (key: string): string | null => {
    const value: unknown = database.prepare('select value from settings where key = ?').pluck().get(key)
    // What is no text cannot be read, which is not the same as missing.
    return value === undefined ? null : typeof value === 'string' ? value : ''
  }
  const statement = database.prepare(
    'select seq, at_ms as "atMs", kind, actor, device_id as "deviceId", details, ' +
      'previous_hash as "previousHash", hash from audit order by seq',
  )
  return {
    gatewayId: setting('gateway-id'),
    head: setting('audit-head'),
    *pages() {
      let page: unknown[] = []
      for (const row of statement.iterate()) {
        page.push(row)
        if (page.length < PAGE) continue
        yield page
        page = []
      }
      yield page
    },
  }
}

function explain(file: string, error: unknown): Error {
  // A table that is gone or has other columns.
  if (isSqliteError(error) && error.code === 'SQLITE_ERROR') return corruptStore(file, error.message, error)
  return explainSqliteError(file, error)
}
