import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { copyFile, link, mkdir, open, rm } from 'node:fs/promises'
import path from 'node:path'
import { Kysely } from 'kysely'
import { fileExists, syncFolder } from './durable-files.ts'
import { migrate } from './migrate.ts'
import { APPLICATION_ID, ImmediateSqliteDialect, openDatabase } from './sqlite-dialect.ts'
import { corruptStore } from './sqlite-error.ts'
import type { StoreTables } from './schema.ts'

/**
 * Makes an empty store where there is none, in folders of mode 0700 and with mode 0600. It appears whole or
 * not at all: an empty or half-made file found at a start is damage, never a start that was cut short.
 */
export async function createStoreFile(file: string, busyTimeoutMs: number): Promise<void> {
  if (await fileExists(file)) return
  const folder = path.dirname(file)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  // SQLite would replay it into the new database.
  if (await fileExists(`${file}-wal`)) {
    throw corruptStore(file, `it is missing, but ${file}-wal is there and may hold part of it`)
  }
  const draft = `${file}.${randomUUID()}.new`
  try {
    await (await open(draft, 'wx', 0o600)).close()
    await fill(draft, busyTimeoutMs)
    await publish(draft, file)
    await syncFolder(folder)
  } finally {
    for (const suffix of ['', '-wal', '-shm', '-journal']) await rm(draft + suffix, { force: true })
  }
}

async function fill(draft: string, busyTimeoutMs: number): Promise<void> {
  const database = openDatabase(draft, busyTimeoutMs)
  try {
    database.pragma(`application_id = ${APPLICATION_ID}`)
    const dialect = new ImmediateSqliteDialect(database, busyTimeoutMs)
    await migrate(new Kysely<StoreTables>({ dialect }), draft)
  } finally {
    database.close()
  }
}

// Unlike a rename, both leave alone what a faster process has put there.
async function publish(draft: string, file: string): Promise<void> {
  try {
    await link(draft, file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    // Some file systems (FAT, some shared folders) have no hard links.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error
    await copyFile(draft, file, constants.COPYFILE_EXCL)
  }
}
