import { randomUUID } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { LatchkeyError } from '../errors.ts'
import { isOurs } from './private-folder.ts'

const MAX_FILE_BYTES = 4096
const NAMES_ATTEMPTS = 25
const NAMES_PAUSE_MS = 10

/**
 * The text of a file that is ours alone; `null` when there is none.
 *
 * @param what it is, for the error
 * @throws {LatchkeyError} SECRET_UNSAFE for a link, another user's file, one that others may read, a long one
 */
export function readPrivateFile(file: string, what: string): string | null {
  for (let attempt = 1; ; attempt += 1) {
    const found = readOnce(file, what)
    if (typeof found !== 'number') return found
    // Another process that makes the file has it under two names for a moment.
    if (found !== 2 || attempt === NAMES_ATTEMPTS)
      throw unsafe(file, what, `it has not one name but ${found} (hard links); remove the others`)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, NAMES_PAUSE_MS)
  }
}

/** The text, or how many names the file has when it is not one. */
function readOnce(file: string, what: string): string | number | null {
  let fd: number
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw unsafe(file, what, `it cannot be opened: ${String(error)}`)
  }
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) throw unsafe(file, what, 'it is not a plain file')
    if (!isOurs(stat.uid)) throw unsafe(file, what, `it belongs to user id ${stat.uid}`)
    if ((stat.mode & 0o077) !== 0) throw unsafe(file, what, 'others may read it; chmod 600 it')
    if (stat.size > MAX_FILE_BYTES) throw unsafe(file, what, 'it is too long')
    return stat.nlink === 1 ? readFileSync(fd, 'utf8') : stat.nlink
  } finally {
    closeSync(fd)
  }
}

/**
 * Writes a file of mode 0600 that appears whole or not at all. False when there is one already: it stays.
 *
 * @throws {LatchkeyError} SECRET_UNSAFE
 */
export function createPrivateFile(file: string, what: string, text: string): boolean {
  const draft = draftOf(file)
  try {
    const fd = openSync(draft, 'wx', 0o600)
    try {
      writeSync(fd, text)
      fsyncSync(fd)
      linkSync(draft, file)
      return true
    } finally {
      closeSync(fd)
      unlinkSync(draft)
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw unsafe(file, what, `it cannot be created: ${String(error)}`)
  }
}

/** Puts a file of mode 0600 in the place of the one before, in one step. */
export async function replacePrivateFile(file: string, text: string): Promise<void> {
  const draft = draftOf(file)
  try {
    const handle = await open(draft, 'wx', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(draft, file)
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined)
    throw error
  }
}

function draftOf(file: string): string {
  return `${file}.${randomUUID()}.new`
}

function unsafe(file: string, what: string, why: string): LatchkeyError {
  return new LatchkeyError('SECRET_UNSAFE', `${what} ${file} cannot be used: ${why}`)
}
