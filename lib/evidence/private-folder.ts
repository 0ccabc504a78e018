import { lstatSync, mkdirSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { LatchkeyError } from '../errors.ts'

const OTHERS = 0o077
const WRITABLE_BY_OTHERS = 0o022
const STICKY = 0o1000

/**
 * Makes sure that `folder` is ours alone, so that nobody else can read, replace or reach what is in it:
 * creates it with mode 0700 when it is missing; refuses one that is a link, belongs to somebody else or is
 * open to others, and a path on which somebody else could rename it.
 *
 * @returns its real path
 * @throws {LatchkeyError} FOLDER_UNSAFE with what was found and what to do
 */
export function ensurePrivateFolder(folder: string): string {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw unsafe(folder, `it cannot be created: ${String(error)}`, error)
  }
  const stat = lstatSync(folder)
  if (stat.isSymbolicLink()) throw unsafe(folder, 'it is a symbolic link; name the folder itself')
  if (!stat.isDirectory()) throw unsafe(folder, 'it is not a folder')
  if (!isOurs(stat.uid)) throw unsafe(folder, `it belongs to user id ${stat.uid}`)
  if ((stat.mode & OTHERS) !== 0)
    throw unsafe(folder, `others may enter it (mode ${octal(stat.mode)}); chmod 700 it`)
  const real = realpathSync(folder)
  for (let above = path.dirname(real); ; above = path.dirname(above)) {
    checkAncestor(folder, above)
    if (above === path.dirname(above)) return real
  }
}

function checkAncestor(folder: string, above: string): void {
  const stat = lstatSync(above)
  if (!isOurs(stat.uid) && stat.uid !== 0) throw unsafe(folder, `${above} belongs to user id ${stat.uid}`)
  const open = (stat.mode & WRITABLE_BY_OTHERS) !== 0 && (stat.mode & STICKY) === 0
  if (open)
    throw unsafe(
      folder,
      `others may rename it, because they may write to ${above} (mode ${octal(stat.mode)})`,
    )
}

/** On platforms without user ids there is nothing to compare. */
export function isOurs(uid: number): boolean {
  return process.geteuid === undefined || uid === process.geteuid()
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0')
}

function unsafe(folder: string, why: string, cause?: unknown): LatchkeyError {
  return new LatchkeyError('FOLDER_UNSAFE', `${folder} is not a private folder of this user: ${why}`, {
    cause,
  })
}
