import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** The stored half of a device token: the token itself is 32 random bytes that only its device keeps. */
export type TokenRecord = {
  readonly deviceId: string
  readonly role: string
  /** SHA-256 of the token's text, lower-case hex. */
  readonly hash: string
  readonly issuedAtMs: number
}

/** 32 random bytes, base64url. */
export function mintToken(): string {
  return randomBytes(32).toString('base64url')
}

export function hashToken(token: string): string {
  return createHash('sha256').update(token, 'utf8').digest('hex')
}

/** Compares in constant time. */
export function tokenMatches(record: TokenRecord, token: string): boolean {
  return timingSafeEqual(Buffer.from(record.hash, 'hex'), Buffer.from(hashToken(token), 'hex'))
}
