import { constants } from 'node:fs'
import { copyFile, mkdtemp, open, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'better-sqlite3'
import type { LatchkeyError } from '../errors.ts'
import { newerSchema, SCHEMA_VERSION } from './migrate.ts'
import { APPLICATION_ID } from './sqlite-dialect.ts'
import { corruptStore, explainSqliteError, isSqliteError, unavailableStore } from './sqlite-error.ts'

const ATTEMPTS = 10

/**
 * Makes sure that the file is a store of ours, whole, writable and not too new, without touching it: SQLite
 * looks at a copy, because opening the file itself may replay or delete its -wal. Rejects with
 * `STORE_CORRUPT`, `STORE_NEWER` or `STORE_UNAVAILABLE`.
 *
 * Not to be called for a file that this process has open: closing any descriptor of a file ends all locks
 * that its process has on it.
 */
export async function inspectStoreFile(file: string): Promise<void> {
  const stats = await stat(file)
  if (!stats.isFile()) {
    const kind = stats.isDirectory() ? 'it is a directory' : 'it is not a regular file'
    throw unavailableStore(file, `${kind}. Name a file`, false)
  }
  await (await open(file, constants.O_RDWR)).close()
  const folder = await mkdtemp(path.join(tmpdir(), `latchkey-${process.pid}-`)).catch((error: unknown) =>
    noCopy(file, error),
  )
  try {
    for (let attempt = 1; ; attempt++) {
      const before = await fingerprint(file)
      const problem = await inspectCopy(
        file,
        await copyStore(file, folder).catch((error: unknown) => noCopy(file, error)),
      )
      if (problem === undefined) return
      // A copy made while another process wrote may be torn: only what stood still is judged.
      if ((await fingerprint(file)) === before) throw problem
      if (attempt === ATTEMPTS)
        throw unavailableStore(file, 'it changes too fast to be checked', true, problem)
      await sleep(20)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

// Else a full /tmp would be reported as a full disk under the store.
function noCopy(file: string, error: unknown): never {
  const found = `it could not be copied to ${tmpdir()} to be checked (${(error as Error).message})`
  throw unavailableStore(file, found, true, error)
}

async function fingerprint(file: string): Promise<string> {
  const all = await Promise.all(['', '-wal', '-journal'].map((suffix) => statOrNull(file + suffix)))
  return all.map((stats) => (stats === null ? '-' : `${stats.ino}:${stats.size}:${stats.mtimeNs}`)).join(' ')
}

async function statOrNull(file: string) {
  try {
    return await stat(file, { bigint: true })
  } catch {
    return null
  }
}

async function copyStore(file: string, folder: string): Promise<string> {
  const copy = path.join(folder, 'store.db')
  await copyFile(file, copy)
  for (const suffix of ['-wal', '-journal', '-shm']) {
    await rm(copy + suffix, { force: true })
    // -shm is rebuilt from -wal.
    if (suffix !== '-shm' && (await statOrNull(file + suffix)) !== null) {
      await copyFile(file + suffix, copy + suffix).catch(ignoreMissing)
    }
  }
  return copy
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}

async function inspectCopy(file: string, copy: string): Promise<LatchkeyError | undefined> {
  const { size } = await stat(copy)
  if (size === 0) return corruptStore(file, 'it is empty (0 bytes), which a store never is')
  let database: Database.Database | undefined
  try {
    database = new Database(copy, { fileMustExist: true })
    return inspectContent(file, database, size)
  } catch (error) {
    if (!isSqliteError(error)) throw error
    const isContent = /^SQLITE_(?:NOTADB|CORRUPT|ERROR|CANTOPEN)/.test(error.code)
    if (!isContent) throw explainSqliteError(file, error)
    return corruptStore(
      file,
      error.code === 'SQLITE_NOTADB' ? 'it is not a SQLite database' : error.message,
      error,
    )
  } finally {
    database?.close()
  }
}

function inspectContent(file: string, database: Database.Database, size: number): LatchkeyError | undefined {
  const applicationId = database.pragma('application_id', { simple: true })
  if (applicationId !== APPLICATION_ID) {
    return corruptStore(
      file,
      `it is a SQLite database, but not Latchkey's (application_id ${String(applicationId)})`,
    )
  }
  // SQLite would take what is missing of the last page for zeros.
  if (size % Number(database.pragma('page_size', { simple: true })) !== 0)
    return corruptStore(file, 'it is damaged (cut off in the middle of a page)')
  const verdict = String(database.pragma('integrity_check(1)', { simple: true }))
  if (verdict !== 'ok') return corruptStore(file, `it is damaged (integrity_check: ${verdict})`)
  const strays = database.pragma('foreign_key_check') as unknown[]
  if (strays.length > 0)
    return corruptStore(file, `it is damaged (${strays.length} rows belong to no device)`)
  const versions = database.prepare<[]>('select version from latchkey_schema').pluck().all()
  const [version] = versions
  if (versions.length !== 1 || typeof version !== 'number') {
    return corruptStore(file, 'it is damaged (its schema version cannot be read)')
  }
  return version > SCHEMA_VERSION ? newerSchema(`the store ${file}`, version) : undefined
}
