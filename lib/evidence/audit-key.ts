import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import path from 'node:path'
import { LatchkeyError } from '../errors.ts'
import { latchkeyHome } from './latchkey-home.ts'
import { createPrivateFile, readPrivateFile } from './private-file.ts'
import { ensurePrivateFolder } from './private-folder.ts'

const WHAT = 'the audit key'

/** Signs the end of audit logs: an Ed25519 key of its own, one per user. */
export type AuditKey = {
  /** Raw, base64url. */
  readonly publicKey: string
  /** Ed25519 signature of the text's UTF-8 bytes, base64url. */
  sign(text: string): string
}

/** Where the key is unless it was configured: `~/.latchkey/audit/key.json`. */
export function defaultAuditKeyFile(): string {
  return path.join(latchkeyHome(), 'audit', 'key.json')
}

/**
 * Reads the key in `file`, or creates it there: mode 0600, in a private folder, whole or not at all. Processes
 * that create it at the same time end up with the same one.
 *
 * @throws {LatchkeyError} FOLDER_UNSAFE, SECRET_UNSAFE
 */
export function openAuditKey(file: string): AuditKey {
  ensurePrivateFolder(path.dirname(file))
  const existing = readKey(file)
  if (existing !== null) return keyOf(existing)
  const { privateKey } = generateKeyPairSync('ed25519')
  const content = {
    version: 1,
    publicKey: rawPublicKey(privateKey),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  }
  createPrivateFile(file, WHAT, `${JSON.stringify(content, null, 2)}\n`)
  const made = readKey(file)
  if (made === null)
    throw new LatchkeyError('SECRET_UNSAFE', `${WHAT} ${file} cannot be used: it disappeared`)
  return keyOf(made)
}

/**
 * The public half of the key in `file`, raw, base64url; `null` when there is no file. Creates nothing.
 *
 * @throws {LatchkeyError} SECRET_UNSAFE
 */
export function readAuditPublicKey(file: string): string | null {
  const key = readKey(file)
  return key === null ? null : rawPublicKey(key)
}

function readKey(file: string): KeyObject | null {
  const text = readPrivateFile(file, WHAT)
  if (text === null) return null
  try {
    const { version, privateKey } = JSON.parse(text) as { version?: unknown; privateKey?: unknown }
    if (version !== 1 || typeof privateKey !== 'string') throw new Error('not an audit key')
    const key = createPrivateKey(privateKey)
    if (key.asymmetricKeyType !== 'ed25519') throw new Error('not an Ed25519 key')
    return key
  } catch (error) {
    const message = `${WHAT} ${file} cannot be used: it does not hold one. Move it away for a new one, which then signs from there on once an owner accepts it (latchkey audit accept)`
    throw new LatchkeyError('SECRET_UNSAFE', message, { cause: error })
  }
}

function keyOf(key: KeyObject): AuditKey {
  return {
    publicKey: rawPublicKey(key),
    sign: (text) => sign(null, Buffer.from(text, 'utf8'), key).toString('base64url'),
  }
}

function rawPublicKey(key: KeyObject): string {
  return createPublicKey(key).export({ format: 'jwk' }).x ?? ''
}
