import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** Hashes of tokens that were in use once: enough to notice one that comes back. */
const REMEMBERED = 16

/** The stored half of a device token: the token itself is 32 random bytes that only its device keeps. */
export type TokenRecord = {
  /** Whose it is. */
  readonly deviceId: string
  /** The role that it is for. */
  readonly role: string
  /** SHA-256 of the token's text, lower-case hex. */
  readonly hash: string
  /** Of the one before, valid until the new one was used. */
  readonly previousHash: string | null
  /** Of older ones, the latest first: whoever presents one has a copy that should not exist. */
  readonly superseded: readonly string[]
  /** The device gets a new one with its next hello-ok: another one asked for it. */
  readonly isRotationDue: boolean
  /** Milliseconds since the epoch. */
  readonly issuedAtMs: number
  /** Milliseconds since the epoch; `null`: when it is rotated or revoked. */
  readonly expiresAtMs: number | null
  /** Written at most once a minute. */
  readonly lastUsedAtMs: number | null
  /** Milliseconds since the epoch; `null`: it was not revoked. */
  readonly revokedAtMs: number | null
}

export type TokenStanding = 'current' | 'previous' | 'superseded' | 'expired' | 'revoked' | 'unknown'

/** 32 random bytes, base64url. */
export function mintToken(): string {
  return randomBytes(32).toString('base64url')
}

export function hashToken(token: string): string {
  return createHash('sha256').update(token, 'utf8').digest('hex')
}

/** What a presented token is to the record. Compares in constant time. */
export function standingOf(record: TokenRecord, token: string, nowMs: number): TokenStanding {
  const given = Buffer.from(hashToken(token), 'hex')
  const is = (hash: string | null): boolean =>
    hash !== null && timingSafeEqual(Buffer.from(hash, 'hex'), given)
  const isCurrent = is(record.hash)
  const isPrevious = is(record.previousHash)
  const isSuperseded = record.superseded.map(is).includes(true)
  if (isSuperseded) return record.revokedAtMs === null ? 'superseded' : 'revoked'
  if (!isCurrent && !isPrevious) return 'unknown'
  if (record.revokedAtMs !== null) return 'revoked'
  if (record.expiresAtMs !== null && record.expiresAtMs <= nowMs) return 'expired'
  return isCurrent ? 'current' : 'previous'
}

/** The record for a new token, the one before staying valid until the new one was used. */
export function rotated(
  record: TokenRecord,
  token: string,
  nowMs: number,
  ttlMs: number | null,
): TokenRecord {
  const isUsable = record.revokedAtMs === null
  // What was never used is replaced, and the one that the device has stays valid.
  const kept = isUsable ? (record.previousHash ?? record.hash) : null
  const retired = isUsable && record.previousHash === null ? [] : [record.hash]
  return {
    ...freshToken(record.deviceId, record.role, token, nowMs, ttlMs),
    previousHash: kept,
    superseded: [...retired, ...record.superseded].slice(0, REMEMBERED),
  }
}

/** The record once its current token was used: the one before is over. */
export function confirmed(record: TokenRecord): TokenRecord {
  if (record.previousHash === null) return record
  const superseded = [record.previousHash, ...record.superseded].slice(0, REMEMBERED)
  return { ...record, previousHash: null, superseded }
}

export function freshToken(
  deviceId: string,
  role: string,
  token: string,
  nowMs: number,
  ttlMs: number | null,
): TokenRecord {
  return {
    deviceId,
    role,
    hash: hashToken(token),
    previousHash: null,
    superseded: [],
    isRotationDue: false,
    issuedAtMs: nowMs,
    expiresAtMs: ttlMs === null ? null : nowMs + ttlMs,
    lastUsedAtMs: null,
    revokedAtMs: null,
  }
}
