import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomUUID,
  sign,
  type KeyObject,
} from 'node:crypto'
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'
import { LatchkeyError } from '../errors.ts'
import { deviceIdOf } from '../protocol/device-key.ts'
import { isRecord } from '../protocol/frames.ts'

/** A device's Ed25519 key. The private half stays in it. */
export type DeviceIdentity = {
  /** Lower-case hex SHA-256 of the raw public key. */
  readonly deviceId: string
  /** Raw, base64url. */
  readonly publicKey: string
  /** Ed25519 signature of the text's UTF-8 bytes, base64url. */
  sign(text: string): string
}

/** A new key that is kept nowhere. */
export function createDeviceIdentity(): DeviceIdentity {
  return identityOf(generateKeyPairSync('ed25519').privateKey)
}

/**
 * Reads the identity in `file`, or creates it: mode 0600, in a folder of mode 0700, complete or not at all.
 * Two processes that create it at the same time end up with the same one.
 *
 * @throws {LatchkeyError} IDENTITY_INVALID when the file cannot be read or written, or holds something else
 */
export function loadDeviceIdentity(file: string): DeviceIdentity {
  const existing = readIdentity(file)
  if (existing !== null) return existing
  const temporary = `${file}.${randomUUID()}`
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
    const { privateKey } = generateKeyPairSync('ed25519')
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
    writeDurably(temporary, `${JSON.stringify({ version: 1, privateKey: pem }, null, 2)}\n`)
    try {
      linkSync(temporary, file)
    } catch (error) {
      if (!isRecord(error) || error.code !== 'EEXIST') throw error
    }
    unlinkSync(temporary)
  } catch (error) {
    throw new LatchkeyError(
      'IDENTITY_INVALID',
      `the device identity ${file} cannot be written: ${String(error)}`,
      { cause: error },
    )
  }
  const made = readIdentity(file)
  if (made === null) throw new LatchkeyError('IDENTITY_INVALID', `the device identity ${file} disappeared`)
  return made
}

function readIdentity(file: string): DeviceIdentity | null {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
    // A copy or a careless umask may have opened it to others.
    if (process.platform !== 'win32') chmodSync(file, 0o600)
  } catch (error) {
    if (isRecord(error) && error.code === 'ENOENT') return null
    throw new LatchkeyError(
      'IDENTITY_INVALID',
      `the device identity ${file} cannot be read: ${String(error)}`,
      { cause: error },
    )
  }
  try {
    const content: unknown = JSON.parse(text)
    if (!isRecord(content) || content.version !== 1 || typeof content.privateKey !== 'string')
      throw new Error('not an identity')
    return identityOf(createPrivateKey(content.privateKey))
  } catch (error) {
    const message = `${file} is not a device identity. Move it away to get a new one, which then has to be paired.`
    throw new LatchkeyError('IDENTITY_INVALID', message, { cause: error })
  }
}

function writeDurably(file: string, text: string): void {
  const fd = openSync(file, 'wx', 0o600)
  try {
    writeSync(fd, text)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

function identityOf(privateKey: KeyObject): DeviceIdentity {
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' })
  if (privateKey.asymmetricKeyType !== 'ed25519' || x === undefined) throw new Error('not an Ed25519 key')
  return {
    deviceId: deviceIdOf(Buffer.from(x, 'base64url')),
    publicKey: x,
    sign: (text) => sign(null, Buffer.from(text, 'utf8'), privateKey).toString('base64url'),
  }
}
