import { verify, type KeyObject } from 'node:crypto'
import { importPublicKey } from './device-key.ts'

/** Enough for the devices of a household that come back again and again. */
const REMEMBERED = 256

/** Keys that have signed something before, by their raw bytes; the one that was used last comes last. */
const known = new Map<string, KeyObject>()

/**
 * True when the raw Ed25519 key, which must be a safe one, signed one of the texts. To read a key costs a third of what
 * the verification does, so those that come back are kept; only who can sign with a key has it kept.
 */
export function isSignedBy(rawKey: Buffer, signature: Buffer, texts: readonly string[]): boolean {
  const name = rawKey.toString('base64url')
  try {
    const key = known.get(name) ?? importPublicKey(rawKey)
    const isSigned = texts.some((text) => verify(null, Buffer.from(text, 'utf8'), key, signature))
    if (isSigned) remember(name, key)
    return isSigned
  } catch {
    // OpenSSL refuses what is not a point of the curve.
    return false
  }
}

function remember(name: string, key: KeyObject): void {
  known.delete(name)
  known.set(name, key)
  if (known.size <= REMEMBERED) return
  for (const oldest of known.keys()) {
    known.delete(oldest)
    return
  }
}
