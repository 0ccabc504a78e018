import { LatchkeyError } from '../../errors.ts'

/** The one table: code → HTTP status and title. Codes are never changed; the type URN is made of them. */
export const PROBLEMS = {
  INVALID_REQUEST: [400, 'The request is not valid.'],
  VALIDATION_FAILED: [400, 'A parameter or the body is not as described.'],
  BODY_MALFORMED: [400, 'The body is not a JSON object.'],
  CODE_MALFORMED: [400, 'This is no verification code.'],
  CURSOR_INVALID: [400, 'The cursor is not one of this list.'],
  IDEMPOTENCY_KEY_INVALID: [400, 'The Idempotency-Key is not valid.'],
  NOT_ASKED: [400, 'The request does not ask for this.'],

  UNAUTHENTICATED: [401, 'This is for paired devices, and for clients on this machine.'],
  AUTHORIZATION_MALFORMED: [401, 'The Authorization header cannot be read.'],
  BEARER_REFUSED: [401, 'A token alone is not enough.'],
  DEVICE_TOKEN_REFUSED: [401, 'The device token is not valid.'],
  DPOP_PROOF_MISSING: [401, 'The DPoP proof is missing.'],
  DPOP_PROOF_MALFORMED: [401, 'The DPoP proof cannot be read.'],
  DPOP_ALGORITHM_UNSUPPORTED: [401, 'The DPoP proof is not signed with EdDSA.'],
  DPOP_KEY_INVALID: [401, 'The key of the DPoP proof is not a safe Ed25519 key.'],
  DPOP_SIGNATURE_INVALID: [401, 'The signature of the DPoP proof is not valid.'],
  DPOP_PROOF_EXPIRED: [401, 'The DPoP proof is too old, or from the future.'],
  DPOP_METHOD_MISMATCH: [401, 'The DPoP proof is for another method.'],
  DPOP_TARGET_MISMATCH: [401, 'The DPoP proof is for another URL.'],
  DPOP_TOKEN_MISMATCH: [401, 'The DPoP proof is for another token.'],
  DPOP_REPLAYED: [401, 'The DPoP proof was used before.'],
  SHARED_SECRET_MISSING: [401, 'The shared secret is missing.'],
  SHARED_SECRET_MISMATCH: [401, 'The shared secret is wrong.'],

  FORBIDDEN: [403, 'The caller may not do this.'],
  CROSS_SITE: [403, 'A page from elsewhere may not call this.'],
  NOTHING_HELD: [403, 'Nothing that the device holds counts for this call.'],
  MISSING_SCOPE: [403, 'The caller lacks a scope.'],
  SELF_APPROVAL: [403, 'A device cannot approve its own request.'],
  WRONG_CODE: [403, 'This is not the code that the device shows.'],
  CODE_MISSING: [403, 'The device shows no code.'],
  SECOND_APPROVER_SILENT: [403, 'One of two approvers must be a device that the owner has approved itself.'],

  NOT_FOUND: [404, 'There is no such thing.'],
  METHOD_NOT_ALLOWED: [405, 'This cannot be done here.'],

  REQUEST_SUPERSEDED: [409, 'The request has changed since it was shown.'],
  REQUEST_SETTLED: [409, 'The request was decided already, or is over.'],
  APPROVALS_DIFFER: [409, 'The first approver has approved something else.'],
  INVITE_USED: [409, 'The invitation was used.'],
  TOKEN_REVOKED: [409, 'The token was revoked.'],
  IDEMPOTENCY_KEY_IN_USE: [409, 'A request with this Idempotency-Key is still under way.'],

  PRECONDITION_FAILED: [412, 'The resource has changed since it was read.'],
  BODY_TOO_LARGE: [413, 'The body is too large.'],
  MEDIA_TYPE_UNSUPPORTED: [415, 'The body must be JSON.'],
  IDEMPOTENCY_KEY_REUSED: [422, 'The Idempotency-Key was used for something else.'],
  SCOPE_NOT_HELD: [422, 'The device does not hold this scope.'],
  CODE_REQUIRED: [428, 'This approval needs the code that the device shows.'],
  RATE_LIMITED: [429, 'Too many requests.'],
  INTERNAL: [500, 'Something is wrong here.'],
  UNAVAILABLE: [503, 'The gateway cannot answer now.'],
} as const satisfies Readonly<Record<string, readonly [number, string]>>

export type ProblemCode = keyof typeof PROBLEMS

export type ProblemExtras = {
  /** Further members of the document. */
  readonly members?: Readonly<Record<string, unknown>> | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly cause?: unknown
}

/** Ends the handling of a request with a problem document. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem'
  readonly code: ProblemCode
  readonly members: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>

  constructor(code: ProblemCode, detail: string, { members = {}, headers = {}, cause }: ProblemExtras = {}) {
    super(detail, cause === undefined ? undefined : { cause })
    this.code = code
    this.members = members
    this.headers = headers
  }

  get status(): number {
    return PROBLEMS[this.code][0]
  }
}

const RETRY_LATER = { headers: { 'Retry-After': '1' } }

/** How an error is told. What is not meant for clients becomes a plain INTERNAL. */
export function problemOf(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error
  if (!(error instanceof LatchkeyError)) return new ApiProblem('INTERNAL', 'internal error', { cause: error })
  const { code, message, details = {} } = error
  if (code === 'STORE_UNAVAILABLE' || code === 'STORE_CLOSED')
    return new ApiProblem('UNAVAILABLE', 'the store cannot answer now', { ...RETRY_LATER, cause: error })
  if (code === 'RATE_LIMITED') return new ApiProblem(code, message, { members: details, ...RETRY_LATER })
  if (!TOLD.has(code)) return new ApiProblem('INTERNAL', 'internal error', { cause: error })
  const { code: precise, ...members } = details
  return new ApiProblem(isProblemCode(precise) ? precise : (code as ProblemCode), message, { members })
}

/** Errors of ours that a client may see as they are. */
const TOLD: ReadonlySet<string> = new Set<ProblemCode & LatchkeyError['code']>([
  'INVALID_REQUEST',
  'FORBIDDEN',
  'NOT_FOUND',
  'REQUEST_SUPERSEDED',
])

function isProblemCode(code: unknown): code is ProblemCode {
  return typeof code === 'string' && Object.hasOwn(PROBLEMS, code)
}

/** As RFC 9457 writes it. */
export function problemDocument({ code, status, message, members }: ApiProblem): object {
  return { ...members, type: problemType(code), title: PROBLEMS[code][1], status, detail: message, code }
}

export function problemType(code: ProblemCode): string {
  return `urn:latchkey:${code.toLowerCase().replaceAll('_', '-')}`
}
