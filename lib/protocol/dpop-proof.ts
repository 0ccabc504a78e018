import { decodeBase64, deviceIdOf, isSafePublicKey } from './device-key.ts'
import { isRecord, parseJson } from './frames.ts'
import { isSignedBy } from './verify-signature.ts'

/** How far `iat` may be from the gateway's clock, in milliseconds, either way. */
const MAX_DPOP_AGE_MS = 120_000
const MAX_LENGTH = 4096
const PART = '([A-Za-z0-9_-]+)'
const COMPACT = new RegExp(`^${PART}\\.${PART}\\.${PART}$`)
const JTI = /^[\x21-\x7e]{1,128}$/

export type DpopProblem =
  | 'DPOP_PROOF_MALFORMED'
  | 'DPOP_ALGORITHM_UNSUPPORTED'
  | 'DPOP_KEY_INVALID'
  | 'DPOP_SIGNATURE_INVALID'
  | 'DPOP_PROOF_EXPIRED'

/** A proof whose signature and age are in order. What it is for is still to be compared. */
export type DpopProof = {
  /** Of the key that signed it. */
  readonly deviceId: string
  readonly method: string
  /** The URL that it is for. */
  readonly target: string
  readonly issuedAtMs: number
  readonly id: string
  /** base64url SHA-256 of the token that it goes with. */
  readonly tokenHash: string
}

type Fields = Readonly<Record<string, unknown>>

/**
 * Reads a DPoP proof (RFC 9449, section 4.3) and verifies it with the key that it carries: Ed25519 alone, by the
 * algorithm `EdDSA`. Whether that key may do anything, and what the proof is for, is the caller's to decide.
 */
export function readDpopProof(
  text: string,
  nowMs: number,
): { readonly proof: DpopProof } | { readonly problem: DpopProblem } {
  const parts = text.length <= MAX_LENGTH ? COMPACT.exec(text) : null
  const header = recordIn(parts?.[1])
  const claims = recordIn(parts?.[2])
  if (parts === null || header === null || claims === null || header.typ !== 'dpop+jwt')
    return { problem: 'DPOP_PROOF_MALFORMED' }
  // Extensions that must be understood are not: RFC 7515, section 4.1.11.
  if (header.alg !== 'EdDSA' || header.crit !== undefined) return { problem: 'DPOP_ALGORITHM_UNSUPPORTED' }
  const rawKey = keyIn(header.jwk)
  if (rawKey === null) return { problem: 'DPOP_KEY_INVALID' }
  const signature = decodeBase64(parts[3] ?? '', 64)
  if (signature === null || !isSignedBy(rawKey, signature, [`${parts[1] ?? ''}.${parts[2] ?? ''}`]))
    return { problem: 'DPOP_SIGNATURE_INVALID' }

  const { htm, htu, iat, jti, ath } = claims
  if (typeof htm !== 'string' || typeof htu !== 'string' || typeof ath !== 'string')
    return { problem: 'DPOP_PROOF_MALFORMED' }
  if (typeof iat !== 'number' || typeof jti !== 'string' || !JTI.test(jti))
    return { problem: 'DPOP_PROOF_MALFORMED' }
  const issuedAtMs = iat * 1000
  if (Math.abs(nowMs - issuedAtMs) > MAX_DPOP_AGE_MS || !isInForce(claims, nowMs))
    return { problem: 'DPOP_PROOF_EXPIRED' }
  const deviceId = deviceIdOf(rawKey)
  return { proof: { deviceId, method: htm, target: htu, issuedAtMs, id: jti, tokenHash: ath } }
}

/** `exp` and `nbf` are not asked for, and heeded when they are there. */
function isInForce({ exp, nbf }: Fields, nowMs: number): boolean {
  if (exp !== undefined && !(typeof exp === 'number' && exp * 1000 > nowMs)) return false
  return nbf === undefined || (typeof nbf === 'number' && nbf * 1000 <= nowMs + MAX_DPOP_AGE_MS)
}

function recordIn(part: string | undefined): Fields | null {
  if (part === undefined) return null
  const parsed = parseJson(Buffer.from(part, 'base64url').toString('utf8'))
  return parsed !== null && isRecord(parsed.value) ? parsed.value : null
}

/** The raw public key of a JWK (RFC 8037); `null` for any other kind, and for one with its private half. */
function keyIn(jwk: unknown): Buffer | null {
  if (!isRecord(jwk) || jwk.kty !== 'OKP' || jwk.crv !== 'Ed25519' || jwk.d !== undefined) return null
  const rawKey = typeof jwk.x === 'string' ? decodeBase64(jwk.x, 32) : null
  return rawKey !== null && isSafePublicKey(rawKey) ? rawKey : null
}
