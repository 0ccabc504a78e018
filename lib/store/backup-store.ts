import { link, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import path from 'node:path'
import Database from 'better-sqlite3'
import { LatchkeyError } from '../errors.ts'
import { fileExists, syncFolder } from './durable-files.ts'
import { findOpeners } from './find-openers.ts'
import { inspectStoreFile } from './inspect-store-file.ts'
import { isOpenHere } from './open-files.ts'
import { explainSqliteError, unavailableStore } from './sqlite-error.ts'

/** Told how far a copy is, in pages of the database. */
export type BackupProgress = (done: { readonly pages: number; readonly ofPages: number }) => void

/** A copy that was made and checked. */
export type Backup = {
  /** Where it is. */
  readonly file: string
  /** How large it is. */
  readonly bytes: number
}

const SIDE_FILES = ['-wal', '-shm', '-journal'] as const
const PAGES_AT_A_TIME = 256

/**
 * Copies the store in `file`, as it was at one moment, to a new file of mode 0600, and checks the copy in full.
 * The gateway may go on serving meanwhile. The copy appears whole or not at all. It holds what the store holds:
 * who may come in, and hashes of tokens, but no key and no token.
 *
 * Rejects with `OPTION_INVALID` when the target exists, `STORE_UNAVAILABLE`, `STORE_CORRUPT`.
 */
export async function backupStore(
  file: string,
  target: string,
  onProgress?: BackupProgress,
): Promise<Backup> {
  if (await fileExists(target)) throw alreadyThere(target)
  const draft = `${target}.${randomUUID()}.part`
  try {
    const source = await openSource(file)
    try {
      await (await open(draft, 'wx', 0o600)).close()
      await source.backup(draft, {
        progress: ({ totalPages, remainingPages }) => {
          onProgress?.({ pages: totalPages - remainingPages, ofPages: totalPages })
          return PAGES_AT_A_TIME
        },
      })
    } finally {
      source.close()
    }
    await seal(draft)
    await inspectStoreFile(draft)
    await link(draft, target).catch((error: unknown) => {
      throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? alreadyThere(target) : error
    })
    return { file: target, bytes: (await stat(target)).size }
  } catch (error) {
    throw explainSqliteError(file, error)
  } finally {
    for (const suffix of ['', ...SIDE_FILES]) await rm(draft + suffix, { force: true })
  }
}

/** What was done with the store that was there before; `null`: there was none. */
export type Restored = {
  /** The store that is in place now. */
  readonly file: string
  /** Where the one before went; `null`: there was none. */
  readonly movedTo: string | null
}

/**
 * Puts a backup in the place of the store in `file`. The backup is checked in full first; the store that was
 * there is moved aside, with all that belongs to it, never overwritten. The gateway must be stopped: a program
 * that has the store open is refused where it can be seen (Linux, the same user's).
 *
 * What was decided after the backup was made is undone by this: devices that were removed since come back.
 *
 * Rejects with `STORE_CORRUPT`, `STORE_NEWER`, `STORE_UNAVAILABLE`.
 */
export async function restoreStore(backup: string, file: string): Promise<Restored> {
  const target = path.resolve(file)
  try {
    await inspectStoreFile(backup)
    if (await fileExists(target)) await refuseOpen(target)
    const draft = `${target}.${randomUUID()}.part`
    try {
      const source = await openSource(backup)
      try {
        await (await open(draft, 'wx', 0o600)).close()
        await source.backup(draft)
      } finally {
        source.close()
      }
      await seal(draft)
      const movedTo = await moveAside(target)
      await rename(draft, target)
      await syncFolder(path.dirname(target))
      return { file: target, movedTo }
    } finally {
      for (const suffix of ['', ...SIDE_FILES]) await rm(draft + suffix, { force: true })
    }
  } catch (error) {
    throw explainSqliteError(target, error)
  }
}

async function openSource(file: string): Promise<Database.Database> {
  if (!(await fileExists(file))) throw unavailableStore(file, 'there is no such file', false)
  return new Database(file, { fileMustExist: true, readonly: true })
}

async function refuseOpen(file: string): Promise<void> {
  const real = await realpath(file)
  const openers = (await isOpenHere(real)) ? ['this process'] : await findOpeners(real)
  if (openers.length > 0)
    throw unavailableStore(file, `it is open in ${openers.join(', ')}. Stop the gateway first`, true)
}

async function moveAside(file: string): Promise<string | null> {
  if (!(await fileExists(file))) return null
  const aside = `${file}.before-restore-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`
  for (const suffix of SIDE_FILES)
    if (await fileExists(file + suffix)) await rename(file + suffix, aside + suffix)
  await rename(file, aside)
  return aside
}

/** As one file without a log beside it, and on the disk. */
async function seal(file: string): Promise<void> {
  const database = new Database(file, { fileMustExist: true })
  try {
    database.pragma('wal_checkpoint(TRUNCATE)')
  } finally {
    database.close()
  }
  const handle = await open(file, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function alreadyThere(target: string): LatchkeyError {
  return new LatchkeyError('OPTION_INVALID', `${target} exists already: name a new file for the backup`)
}
