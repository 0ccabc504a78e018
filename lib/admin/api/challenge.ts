import type { LocalityVerdict } from '../../gateway/index.ts'
import { ApiProblem, type ProblemCode } from './problem.ts'

const CHALLENGE = 'DPoP algs="EdDSA"'
const ERRORS: Partial<Record<ProblemCode, 'invalid_token' | 'invalid_dpop_proof'>> = {
  DEVICE_TOKEN_REFUSED: 'invalid_token',
  DPOP_PROOF_MISSING: 'invalid_dpop_proof',
  DPOP_PROOF_MALFORMED: 'invalid_dpop_proof',
  DPOP_ALGORITHM_UNSUPPORTED: 'invalid_dpop_proof',
  DPOP_KEY_INVALID: 'invalid_dpop_proof',
  DPOP_SIGNATURE_INVALID: 'invalid_dpop_proof',
  DPOP_PROOF_EXPIRED: 'invalid_dpop_proof',
  DPOP_METHOD_MISMATCH: 'invalid_dpop_proof',
  DPOP_TARGET_MISMATCH: 'invalid_dpop_proof',
  DPOP_TOKEN_MISMATCH: 'invalid_dpop_proof',
  DPOP_REPLAYED: 'invalid_dpop_proof',
}

/** A 401 with the challenge that RFC 9449, section 7.1, asks for. */
export function unauthenticated(
  code: ProblemCode,
  detail: string,
  members: Readonly<Record<string, unknown>> = {},
): ApiProblem {
  const error = ERRORS[code]
  const challenge = error === undefined ? CHALLENGE : `${CHALLENGE}, error="${error}"`
  return new ApiProblem(code, detail, { members, headers: { 'WWW-Authenticate': challenge } })
}

/** What a caller may know of where it was seen to be. */
export function localityOf({ reason, advice }: LocalityVerdict): Readonly<Record<string, unknown>> {
  return { locality: { reason, ...(advice === undefined ? {} : { advice }) } }
}
