import { createPublicKey, verify } from 'node:crypto'
import type { AuditEntry } from './audit-entry.ts'
import { isWholeNumber } from './whole-number.ts'

/** Where the signed end of the chain is kept, as JSON of `AuditHead`. */
export const AUDIT_HEAD = 'audit-head'

/** The end of the chain, signed: what is cut off behind it does not fit any more. */
export type AuditHead = {
  readonly seq: number
  readonly hash: string
  readonly atMs: number
  /** Raw Ed25519 public key, base64url. */
  readonly publicKey: string
  /** Over `auditHeadText`, base64url. */
  readonly signature: string
}

/** Signs the end of the chain. Synchronous: it runs inside transactions. */
export type HeadSigner = {
  /** Raw Ed25519 public key, base64url. */
  readonly publicKey: string
  /** base64url */
  sign(text: string): string
}

export function auditHeadText(gatewayId: string, seq: number, hash: string, atMs: number): string {
  return JSON.stringify(['latchkey.audit-head.1', gatewayId, seq, hash, atMs])
}

export function signHead(signer: HeadSigner, gatewayId: string, entry: AuditEntry): AuditHead {
  const { seq, hash, atMs } = entry
  const signature = signer.sign(auditHeadText(gatewayId, seq, hash, atMs))
  return { seq, hash, atMs, publicKey: signer.publicKey, signature }
}

/** The head in a stored text; `null` for what is none. */
export function parseAuditHead(text: string): AuditHead | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null) return null
  const { seq, hash, atMs, publicKey, signature } = value as Readonly<Record<string, unknown>>
  if (!isWholeNumber(seq) || seq < 1 || !isWholeNumber(atMs)) return null
  if (!isText(hash, /^[0-9a-f]{64}$/) || !isText(publicKey, /^[\w-]{43}$/)) return null
  return isText(signature, /^[\w-]{86}$/) ? { seq, hash, atMs, publicKey, signature } : null
}

/** True when this very key signed the head, for this gateway. */
export function isSignedBy(head: AuditHead, gatewayId: string, publicKey: string): boolean {
  if (head.publicKey !== publicKey) return false
  const { seq, hash, atMs, signature } = head
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' })
    const text = Buffer.from(auditHeadText(gatewayId, seq, hash, atMs), 'utf8')
    return verify(null, text, key, Buffer.from(signature, 'base64url'))
  } catch {
    // OpenSSL refuses what is not a point of the curve.
    return false
  }
}

function isText(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value)
}
