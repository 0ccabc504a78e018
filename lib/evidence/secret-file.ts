import { randomBytes, randomUUID } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'
import { LatchkeyError } from '../errors.ts'
import { readPrivateFile } from './private-file.ts'
import { ensurePrivateFolder } from './private-folder.ts'

const SUFFIX = '.secret'
const SECRET_BYTES = 32
/** Names a secret in a challenge, and its file: must not lead out of the folder. */
const SECRET_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export type SecretFile = {
  /** Names the file to clients of the same user; `null` for one that was configured. */
  readonly id: string | null
  readonly file: string
  /** 32 random bytes. */
  readonly secret: Buffer
  /** Removes the file, unless it was configured. */
  remove(): void
}

/**
 * Makes a new secret for one run of a gateway: a file of mode 0600, created exclusively, in a private folder.
 * Files of gateways of this machine that have died are swept away.
 *
 * @throws {LatchkeyError} FOLDER_UNSAFE, SECRET_UNSAFE
 */
export function createSecretFile(folder: string): SecretFile {
  const real = ensurePrivateFolder(folder)
  removeStale(real)
  const id = randomUUID()
  const file = path.join(real, id + SUFFIX)
  const secret = writeSecret(file)
  return { id, file, secret, remove: () => removeQuietly(file) }
}

/**
 * Reads the secret in a file that the operator chose, or creates it there. It stays when the gateway ends.
 *
 * @throws {LatchkeyError} FOLDER_UNSAFE, SECRET_UNSAFE
 */
export function configuredSecretFile(file: string): SecretFile {
  ensurePrivateFolder(path.dirname(file))
  const secret = readSecret(file) ?? writeSecret(file)
  return { id: null, file, secret, remove: () => undefined }
}

/** What a client of the same user reads; `null` when there is no such file, or the id is not one. */
export function readSecretById(folder: string, id: string): Buffer | null {
  return SECRET_ID.test(id) ? readSecret(path.join(folder, id + SUFFIX)) : null
}

/**
 * The secret in a file that is ours alone; `null` when there is none.
 *
 * @throws {LatchkeyError} SECRET_UNSAFE for a link, another user's file, one that others may read, other content
 */
export function readSecret(file: string): Buffer | null {
  const text = readPrivateFile(file, 'the secret file')
  return text === null ? null : parseSecret(file, text)
}

type Content = { readonly secret?: unknown; readonly pid?: unknown; readonly pidNamespace?: unknown }

function parseSecret(file: string, text: string): Buffer {
  const secret = parseContent(text).secret
  const bytes = typeof secret === 'string' ? Buffer.from(secret, 'base64url') : null
  if (bytes?.length !== SECRET_BYTES) throw unsafe(file, 'it does not hold a secret')
  return bytes
}

function parseContent(text: string): Content {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

function writeSecret(file: string): Buffer {
  const secret = randomBytes(SECRET_BYTES)
  const content = { secret: secret.toString('base64url'), pid: process.pid, pidNamespace: pidNamespace() }
  let fd: number
  try {
    fd = openSync(file, 'wx', 0o600)
  } catch (error) {
    throw unsafe(file, `it cannot be created: ${String(error)}`)
  }
  try {
    writeSync(fd, `${JSON.stringify(content)}\n`)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  return secret
}

/** A killed gateway leaves its file. Only those whose process we can know to be gone are removed. */
function removeStale(folder: string): void {
  const namespace = pidNamespace()
  if (namespace === null) return
  for (const name of readdirSync(folder)) {
    if (!name.endsWith(SUFFIX)) continue
    const file = path.join(folder, name)
    try {
      const { pid, pidNamespace: theirs } = parseContent(readFileSync(file, 'utf8'))
      if (theirs === namespace && typeof pid === 'number' && !isAlive(pid)) unlinkSync(file)
    } catch {
      // Gone already, or not ours to read.
    }
  }
}

function pidNamespace(): string | null {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return null
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function removeQuietly(file: string): void {
  try {
    unlinkSync(file)
  } catch {
    // Somebody else has removed it.
  }
}

function unsafe(file: string, why: string): LatchkeyError {
  return new LatchkeyError('SECRET_UNSAFE', `the secret file ${file} cannot be used: ${why}`)
}
