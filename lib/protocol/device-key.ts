import { createHash, createPublicKey, type KeyObject } from 'node:crypto'

/** A proved identity: its id, and its key as raw base64url. */
export type ProvedDevice = { readonly id: string; readonly publicKey: string }

/** Order of the field, 2^255 - 19 (RFC 8032, section 5.1). */
const FIELD = (1n << 255n) - 19n
/** y coordinates of the eight points of small order: a signature by such a key proves nothing. */
const SMALL_ORDER_Y: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  FIELD - 1n,
  2707385501144840649318225287225658788936804267575313519463743609750303402022n,
  55188659117513257062467267217118295137698188065244968500265048394206261417927n,
])
const PEM = /^-----BEGIN PUBLIC KEY-----\s([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*$/
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

/** The raw 32 bytes of a key given as base64url, base64 or PEM (SubjectPublicKeyInfo); `null` otherwise. */
export function decodePublicKey(text: string): Buffer | null {
  const pem = PEM.exec(text)
  if (pem !== null) {
    const der = Buffer.from((pem[1] ?? '').replaceAll(/\s/g, ''), 'base64')
    const isEd25519 = der.length === 44 && der.subarray(0, SPKI_PREFIX.length).equals(SPKI_PREFIX)
    return isEd25519 ? der.subarray(SPKI_PREFIX.length) : null
  }
  return decodeBase64(text, 32)
}

/** Exactly `bytes` bytes of base64url or base64, padded or not, with nothing else around. */
export function decodeBase64(text: string, bytes: number): Buffer | null {
  if (!/^[A-Za-z0-9_+/-]+={0,2}$/.test(text)) return null
  const decoded = Buffer.from(text, 'base64')
  const plain = text.replaceAll('-', '+').replaceAll('_', '/').replaceAll('=', '')
  return decoded.length === bytes && decoded.toString('base64').replaceAll('=', '') === plain ? decoded : null
}

/** Lower-case hex SHA-256 of the raw key. */
export function deviceIdOf(rawKey: Uint8Array): string {
  return createHash('sha256').update(rawKey).digest('hex')
}

/**
 * False for keys that must never be verified with: the eight points of small order, and encodings whose y is
 * not below the field's order. Some versions of Node accept forged signatures for them.
 */
export function isSafePublicKey(rawKey: Uint8Array): boolean {
  if (rawKey.length !== 32) return false
  const bigEndian = Buffer.from(rawKey).reverse()
  bigEndian[0] = (bigEndian[0] ?? 0) & 0x7f
  const y = BigInt(`0x${bigEndian.toString('hex')}`)
  return y < FIELD && !SMALL_ORDER_Y.has(y)
}

/** JWK is the cheapest way in. */
export function importPublicKey(rawKey: Uint8Array): KeyObject {
  const x = Buffer.from(rawKey).toString('base64url')
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
}
