import { LatchkeyError, rejectUnknownKeys } from '../../errors.ts'
import { isRecord } from '../../protocol/frames.ts'
import { toBase64url } from '../base64url.ts'
import type { DeviceIdentity } from '../device-identity.ts'
import { keptIdentity } from './key-database.ts'
import { noEd25519, sha256, subtleCrypto } from './web-crypto.ts'
import type { WebKey } from './web-globals.ts'

const ED25519 = { name: 'Ed25519' }

type Kept = { readonly privateKey: WebKey; readonly publicKey: Uint8Array }

/**
 * This page's device: an Ed25519 key of WebCrypto that no script can read out, kept in the IndexedDB of the
 * page's origin. It is made at the first call; tabs that call at the same time end up with the same one. It is
 * gone when the user clears the site's data. Does *not* protect against scripts of the same origin: they cannot
 * take the key away, but they can sign with it while they run.
 *
 * @param options `name` tells several devices of one origin apart; default `default`
 * @throws {LatchkeyError} CRYPTO_UNAVAILABLE without a secure context or Ed25519, IDENTITY_INVALID where
 *   nothing can be kept, OPTION_UNKNOWN, OPTION_INVALID
 */
export async function browserIdentity(options: { name?: string } = {}): Promise<DeviceIdentity> {
  rejectUnknownKeys('browserIdentity', options, ['name'])
  const { name = 'default' } = options
  if (typeof name !== 'string' || name === '')
    throw new LatchkeyError('OPTION_INVALID', 'browserIdentity: name: expected text such as "default"')
  const subtle = subtleCrypto()
  // Made before the transaction that keeps it: one does not stay open while something else is awaited.
  const kept = (await keptIdentity(name)) ?? (await keptIdentity(name, await newKey()))
  if (!isKept(kept)) {
    throw new LatchkeyError(
      'IDENTITY_INVALID',
      `What is kept as the identity ${JSON.stringify(name)} is none. Clear this site's data to get a new one, which then has to be paired.`,
    )
  }
  const { privateKey, publicKey } = kept
  return {
    deviceId: Array.from(await sha256(publicKey), (byte) => byte.toString(16).padStart(2, '0')).join(''),
    publicKey: toBase64url(publicKey),
    sign: async (text) =>
      toBase64url(new Uint8Array(await subtle.sign(ED25519, privateKey, new TextEncoder().encode(text)))),
  }
}

async function newKey(): Promise<Kept> {
  const subtle = subtleCrypto()
  const { privateKey, publicKey } = await subtle
    .generateKey(ED25519, false, ['sign', 'verify'])
    .catch((error: unknown) => {
      throw noEd25519(error)
    })
  return { privateKey, publicKey: new Uint8Array(await subtle.exportKey('raw', publicKey)) }
}

function isKept(value: unknown): value is Kept {
  if (!isRecord(value) || !isRecord(value.privateKey)) return false
  const { privateKey, publicKey } = value
  return (
    privateKey.type === 'private' &&
    isRecord(privateKey.algorithm) &&
    privateKey.algorithm.name === 'Ed25519' &&
    publicKey instanceof Uint8Array &&
    publicKey.length === 32
  )
}
