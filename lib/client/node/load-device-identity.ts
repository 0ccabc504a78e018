import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomUUID,
  sign,
  type KeyObject,
} from 'node:crypto'
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'
import { LatchkeyError } from '../../errors.ts'
import { isOurs } from '../../evidence/private-folder.ts'
import { deviceIdOf } from '../../protocol/device-key.ts'
import { isRecord } from '../../protocol/frames.ts'
import type { SyncDeviceIdentity } from '../device-identity.ts'

const MAX_FILE_BYTES = 16 * 1024
/** After this, whoever was writing a temporary file has been killed. */
const STRAY_AFTER_MS = 60_000
const WAY_OUT = 'Move it away to get a new one, which then has to be paired.'

/** A new key that is kept nowhere. */
export function createDeviceIdentity(): SyncDeviceIdentity {
  return identityOf(generateKeyPairSync('ed25519').privateKey)
}

/**
 * Reads the identity in `file`, or creates it: mode 0600, in a folder of mode 0700, complete or not at all.
 * Processes that create it at the same time end up with the same one. Does *not* protect it against programs of
 * the same user, nor against root.
 *
 * @throws {LatchkeyError} IDENTITY_INVALID when the file cannot be read or written, is a link, belongs to another
 *   user, or holds something else
 */
export function loadDeviceIdentity(file: string): SyncDeviceIdentity {
  const existing = readIdentity(file)
  if (existing !== null) return existing
  try {
    createFile(file)
  } catch (error) {
    throw invalid(`the device identity ${file} cannot be written: ${String(error)}`, error)
  }
  const made = readIdentity(file)
  if (made === null) throw invalid(`the device identity ${file} disappeared`)
  return made
}

/** A name appears with its whole content or not at all: written beside it first, then linked, which replaces nothing. */
function createFile(file: string): void {
  const folder = path.dirname(file)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  removeStrays(file, STRAY_AFTER_MS)
  const { privateKey } = generateKeyPairSync('ed25519')
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
  const temporary = `${file}.${randomUUID()}.new`
  writeDurably(temporary, `${JSON.stringify({ version: 1, privateKey: pem }, null, 2)}\n`)
  try {
    linkSync(temporary, file)
  } catch (error) {
    if (!isRecord(error) || error.code !== 'EEXIST') throw error
  } finally {
    removeQuietly(temporary)
  }
  if (process.platform !== 'win32') withFile(folder, constants.O_RDONLY, fsyncSync)
}

function readIdentity(file: string): SyncDeviceIdentity | null {
  let text: string
  try {
    // A pipe must not hold the process up, nor a link lead elsewhere.
    text = withFile(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK, (fd) =>
      readOwnFile(file, fd),
    )
  } catch (error) {
    if (error instanceof LatchkeyError) throw error
    const code = isRecord(error) ? error.code : undefined
    if (code === 'ENOENT') return null
    if (code === 'ELOOP')
      throw invalid(`the device identity ${file} is a symbolic link; name the file itself. ${WAY_OUT}`, error)
    throw invalid(`the device identity ${file} cannot be read: ${String(error)}`, error)
  }
  try {
    const content: unknown = JSON.parse(text)
    if (!isRecord(content) || content.version !== 1 || typeof content.privateKey !== 'string')
      throw new Error('not an identity')
    return identityOf(createPrivateKey(content.privateKey))
  } catch (error) {
    throw invalid(`${file} is not a device identity. ${WAY_OUT}`, error)
  }
}

function readOwnFile(file: string, fd: number): string {
  const stat = fstatSync(fd)
  if (!stat.isFile() || stat.size > MAX_FILE_BYTES)
    throw invalid(`${file} is not a device identity. ${WAY_OUT}`)
  if (!isOurs(stat.uid))
    throw invalid(`the device identity ${file} belongs to user id ${stat.uid}, who knows its key. ${WAY_OUT}`)
  // A copy or a careless umask may have opened it to others.
  if (process.platform !== 'win32' && (stat.mode & 0o777) !== 0o600) fchmodSync(fd, 0o600)
  // Whoever created it was killed before the temporary name was gone.
  if (stat.nlink > 1) removeStrays(file, 0, stat.ino)
  return readFileSync(fd, 'utf8')
}

/** Temporary files of creations that were killed: old ones, or other names of the file itself. */
function removeStrays(file: string, minAgeMs: number, inode?: number): void {
  const prefix = `${path.basename(file)}.`
  for (const name of namesIn(path.dirname(file))) {
    if (!name.startsWith(prefix) || !/^[0-9a-f-]{36}\.new$/.test(name.slice(prefix.length))) continue
    const stray = path.join(path.dirname(file), name)
    const stat = statSync(stray, { throwIfNoEntry: false })
    if (stat === undefined || Date.now() - stat.mtimeMs < minAgeMs) continue
    if (inode === undefined || stat.ino === inode) removeQuietly(stray)
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function removeQuietly(file: string): void {
  try {
    unlinkSync(file)
  } catch {
    // Somebody else has removed it.
  }
}

function writeDurably(file: string, text: string): void {
  withFile(file, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, (fd) => {
    // Not narrowed by the umask.
    if (process.platform !== 'win32') fchmodSync(fd, 0o600)
    writeSync(fd, text)
    fsyncSync(fd)
  })
}

function withFile<T>(file: string, flags: number, use: (fd: number) => T): T {
  const fd = openSync(file, flags, 0o600)
  try {
    return use(fd)
  } finally {
    closeSync(fd)
  }
}

function identityOf(privateKey: KeyObject): SyncDeviceIdentity {
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' })
  if (privateKey.asymmetricKeyType !== 'ed25519' || x === undefined) throw new Error('not an Ed25519 key')
  return {
    deviceId: deviceIdOf(Buffer.from(x, 'base64url')),
    publicKey: x,
    sign: (text) => sign(null, Buffer.from(text, 'utf8'), privateKey).toString('base64url'),
  }
}

function invalid(message: string, cause?: unknown): LatchkeyError {
  return new LatchkeyError('IDENTITY_INVALID', message, { cause })
}
