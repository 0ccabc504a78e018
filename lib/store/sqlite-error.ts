import { LatchkeyError } from '../errors.ts'
import { deviceMissing, secondPending } from './constraint-errors.ts'

const START_ANEW =
  'The file was left as it is. Restore a backup (remove -wal and -shm beside it first), or move it away, ' +
  'with its -wal and -shm, to start anew: every device must then pair again.'

/** What is wrong with the content of a file, and the two ways out. */
export function corruptStore(file: string, found: string, cause?: unknown): LatchkeyError {
  const message = `the store ${file} cannot be used: ${found}. ${START_ANEW}`
  return new LatchkeyError('STORE_CORRUPT', message, { cause, details: { store: file, found } })
}

/** What keeps the store from being read or written. `isRetryable`: it may work later without a new start. */
export function unavailableStore(
  file: string,
  found: string,
  isRetryable: boolean,
  cause?: unknown,
): LatchkeyError {
  const details = { store: file, found, retryable: isRetryable }
  return new LatchkeyError('STORE_UNAVAILABLE', `the store ${file} is not available: ${found}`, {
    cause,
    details,
  })
}

type SqliteError = Error & { code: string }

/** By its shape: an addon that is loaded once into several module graphs throws the class of the first. */
export function isSqliteError(error: unknown): error is SqliteError {
  return hasCode(error) && error.name === 'SqliteError'
}

/** Says in Latchkey's terms what SQLite or the file system reported; hands other errors back as they are. */
export function explainSqliteError(file: string, error: unknown): Error {
  if (error instanceof LatchkeyError) return error
  if (isSqliteError(error)) return explainCode(file, error)
  if (!hasCode(error) || !('syscall' in error)) return error as Error
  return unavailableStore(file, FILE_ERRORS[error.code] ?? error.message, error.code === 'ENOSPC', error)
}

function hasCode(error: unknown): error is Error & { code: string } {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
}

const FILE_ERRORS: Readonly<Record<string, string>> = {
  EACCES:
    'this user may not read and write it, or may not enter its folder. Correct the owner or the permissions',
  EPERM: 'the system does not permit writing it. Correct the owner, the permissions or the file attributes',
  EROFS: 'it is on a file system that is mounted read-only',
  EISDIR: 'it is a directory. Name a file',
  ENOTDIR: 'part of its path is a file, not a directory',
  ENOSPC: 'the disk is full. Free some space',
  EDQUOT: 'the disk quota is used up. Free some space',
  ELOOP: 'its path is a loop of symbolic links',
  ENOENT: 'it vanished while it was being opened, or is a symbolic link to nothing',
}

function explainCode(file: string, error: SqliteError): LatchkeyError {
  const { code } = error
  if (code === 'SQLITE_CONSTRAINT_FOREIGNKEY') return deviceMissing(error)
  if (code === 'SQLITE_CONSTRAINT_UNIQUE') return secondPending(error)
  if (code.startsWith('SQLITE_CONSTRAINT')) {
    return new LatchkeyError('INVALID_REQUEST', `the store refused a row: ${error.message}`, { cause: error })
  }
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB')
    return corruptStore(file, error.message, error)
  const isRetryable = !code.startsWith('SQLITE_READONLY') && !code.startsWith('SQLITE_CANTOPEN')
  return unavailableStore(file, `${reasonOf(code)} (${code}: ${error.message})`, isRetryable, error)
}

function reasonOf(code: string): string {
  if (code === 'SQLITE_FULL') return 'the disk is full'
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'))
    return 'another process keeps it locked'
  if (code.startsWith('SQLITE_READONLY')) return 'it, or its folder, may only be read'
  if (code.startsWith('SQLITE_CANTOPEN')) return 'it, or a file beside it, could not be opened'
  if (code.startsWith('SQLITE_IOERR')) return 'the disk reported an error, or is full'
  return 'SQLite reported an error'
}
