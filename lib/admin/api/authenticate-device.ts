import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { GatewayHost } from '../../gateway/index.ts'
import type { Authentication, Authority } from '../../pairing/index.ts'
import { readDpopProof, type DpopProof } from '../../protocol/index.ts'
import { localityOf, unauthenticated } from './challenge.ts'
import { headerValues } from './header-values.ts'
import { isRead } from './methods.ts'
import { ApiProblem, type ProblemCode } from './problem.ts'
import { replayCache, type ReplayCache } from './replay-cache.ts'
import { tooManyFailures } from './too-many-failures.ts'

export type DpopState = {
  readonly replays: ReplayCache
  /** Older proofs may have been used before this process could remember them. */
  readonly startedAtMs: number
}

const TOKEN = /^[A-Za-z0-9._~+/-]{1,512}=*$/
const EXPIRED = 'iat: expected a time within 120 s of the gateway, whose time is in the Date header'
const ONCE = 'jti: make a new proof for each request'
const DETAILS: Partial<Record<ProblemCode, string>> = {
  DPOP_PROOF_MALFORMED: 'expected a JWT of typ dpop+jwt with htm, htu, iat, jti and ath',
  DPOP_ALGORITHM_UNSUPPORTED: 'alg: expected EdDSA, without crit',
  DPOP_KEY_INVALID: 'jwk: expected a public key of kty OKP and crv Ed25519',
  DPOP_SIGNATURE_INVALID: 'the signature does not fit the jwk',
  DPOP_PROOF_EXPIRED: EXPIRED,
}

export function dpopState({ proofsSinceMs }: Pick<GatewayHost, 'proofsSinceMs'>): DpopState {
  return { replays: replayCache(), startedAtMs: proofsSinceMs }
}

/**
 * Lets in a paired device: its token, and a proof (RFC 9449) that it holds the key that the token is bound to,
 * for this very request and never again. A token without the key is worth nothing.
 *
 * @throws {ApiProblem} with status 401, 403 or 429
 */
export async function authenticateDevice(
  host: GatewayHost,
  { replays, startedAtMs }: DpopState,
  request: IncomingMessage,
  token: string,
): Promise<Authority> {
  const { authFailures } = host
  const badProof = async (problem: ApiProblem): Promise<ApiProblem> => {
    const waitMs = await authFailures.countBadProof(request)
    return waitMs === null ? problem : tooManyFailures(waitMs)
  }
  const read = readProof(host, request, token, startedAtMs)
  // A wrong clock is no attack: as on the WebSocket, it does not count.
  if (read instanceof ApiProblem) throw read.code === 'DPOP_PROOF_EXPIRED' ? read : await badProof(read)
  const { deviceId, id } = read
  // Before anything waits: of two that come at once, one is the first.
  const claim = replays.claim(deviceId, id)
  if (claim === 'replayed') throw await badProof(unauthenticated('DPOP_REPLAYED', ONCE))
  if (claim === 'full') throw tooManyProofs()
  try {
    const waitMs = await authFailures.tokenWaitMs(request, deviceId)
    if (waitMs !== null) throw tooManyFailures(waitMs)
    return await authorityOf(host, request, { deviceId, token, proofId: id })
  } catch (error) {
    // Strangers make keys for nothing: theirs must not fill the memory.
    replays.release(deviceId, id)
    const isRefused = error instanceof ApiProblem && error.code === 'DEVICE_TOKEN_REFUSED'
    if (isRefused) await authFailures.countBadToken(request, deviceId)
    throw error
  }
}

function readProof(
  host: GatewayHost,
  request: IncomingMessage,
  token: string,
  startedAtMs: number,
): DpopProof | ApiProblem {
  if (!TOKEN.test(token)) return unauthenticated('AUTHORIZATION_MALFORMED', 'this is no device token')
  const given = headerValues(request, 'dpop')
  if (given.length !== 1) {
    return unauthenticated(
      'DPOP_PROOF_MISSING',
      'expected one header: DPoP: <proof that the device has signed>',
    )
  }
  const read = readDpopProof(given[0] ?? '', Date.now())
  if ('problem' in read) return unauthenticated(read.problem, DETAILS[read.problem] ?? '')
  const { proof } = read
  if (proof.issuedAtMs < startedAtMs)
    return unauthenticated('DPOP_PROOF_EXPIRED', `${EXPIRED}, and not before it was started`)
  if (proof.method !== request.method)
    return unauthenticated('DPOP_METHOD_MISMATCH', `htm: expected ${request.method ?? ''}`)
  if (!host.isOwnTarget(request, proof.target)) {
    const detail =
      'htu: expected the URL of this request, with a host that is a name or address of this machine, or that the ' +
      'operator has named in allowedOrigins'
    return unauthenticated('DPOP_TARGET_MISMATCH', detail)
  }
  if (!sameHash(proof.tokenHash, token))
    return unauthenticated('DPOP_TOKEN_MISMATCH', 'ath: expected the base64url SHA-256 of the device token')
  return proof
}

async function authorityOf(
  host: GatewayHost,
  request: IncomingMessage,
  credentials: { readonly deviceId: string; readonly token: string; readonly proofId: string },
): Promise<Authority> {
  const addressPrefix = host.prefixOf(request)
  const outcome = await host.service.authenticate({ ...credentials, addressPrefix, verdict: null })
  if (outcome.kind !== 'needs-locality') return authorityIn(outcome, {})
  const verdict = await host.judge(request, { fresh: !isRead(request.method) })
  return authorityIn(
    await host.service.authenticate({ ...credentials, addressPrefix, verdict }),
    localityOf(verdict),
  )
}

function authorityIn(outcome: Authentication, members: object): Authority {
  if (outcome.kind === 'authenticated') return outcome.authority
  if (outcome.kind === 'replayed') throw unauthenticated('DPOP_REPLAYED', ONCE)
  if (outcome.kind === 'token-refused') {
    const { standing } = outcome
    const detail =
      standing === 'superseded'
        ? 'this token was replaced; it and all that the device held in its role was revoked'
        : `the token is ${standing === 'unknown' ? 'not one of this device' : standing}; connect to get a new one`
    throw unauthenticated('DEVICE_TOKEN_REFUSED', detail, { standing })
  }
  const detail =
    'What the device holds in this role was given silently or is over, so that it counts for local clients alone ' +
    'or not at all. Let the owner approve it.'
  throw new ApiProblem('NOTHING_HELD', detail, { members: { ...members } })
}

function sameHash(given: string, token: string): boolean {
  const expected = createHash('sha256').update(token, 'ascii').digest('base64url')
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}

function tooManyProofs(): ApiProblem {
  return new ApiProblem('RATE_LIMITED', 'too many requests of this device within minutes', {
    headers: { 'Retry-After': '120' },
  })
}
