import { LatchkeyError } from '../../errors.ts'
import { web, type Subtle } from './web-globals.ts'

/**
 * The page's cryptography.
 *
 * @throws {LatchkeyError} CRYPTO_UNAVAILABLE outside of a secure context
 */
export function subtleCrypto(): Subtle {
  const subtle = web.crypto?.subtle
  if (subtle !== undefined) return subtle
  throw new LatchkeyError(
    'CRYPTO_UNAVAILABLE',
    'This page may use no cryptography because it is not in a secure context: open it over https:// or from http://localhost.',
  )
}

export async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await subtleCrypto().digest('SHA-256', bytes))
}

/** @throws {LatchkeyError} CRYPTO_UNAVAILABLE where there is no Ed25519 */
export function noEd25519(cause: unknown): LatchkeyError {
  return new LatchkeyError(
    'CRYPTO_UNAVAILABLE',
    'This browser has no Ed25519 in its WebCrypto: use a newer one (Chrome 137, Firefox 129, Safari 17, or later).',
    { cause },
  )
}
