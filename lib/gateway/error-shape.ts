import { LatchkeyError, type LatchkeyErrorCode } from '../errors.ts'
import type { ErrorShape } from '../protocol/index.ts'

/** What a device may do is not known while the store cannot be asked. */
export const NOT_IN_STEP: ErrorShape = {
  code: 'UNAVAILABLE',
  message: 'the gateway cannot reach its store, so it does not know what you may do now',
  retryable: true,
  retryAfterMs: 1000,
}

/** Errors of ours that a client may see as they are. */
const TOLD: ReadonlySet<LatchkeyErrorCode> = new Set<LatchkeyErrorCode>([
  'INVALID_REQUEST',
  'FORBIDDEN',
  'REQUEST_SUPERSEDED',
  'RATE_LIMITED',
])

/** How an error is told to a client. What is not meant for clients becomes a plain UNAVAILABLE. */
export function errorShape(error: unknown): ErrorShape {
  if (error instanceof LatchkeyError) {
    const { code, message, details } = error
    if (TOLD.has(code)) return { code, message, ...(details === undefined ? {} : { details }) }
    if (code === 'NOT_FOUND')
      return { code: 'INVALID_REQUEST', message, details: { code: 'NOT_FOUND', ...details } }
    if (code === 'STORE_UNAVAILABLE' || code === 'STORE_CLOSED') {
      return {
        code: 'UNAVAILABLE',
        message: 'the store cannot answer now',
        retryable: true,
        retryAfterMs: 1000,
      }
    }
  }
  return { code: 'UNAVAILABLE', message: 'internal error' }
}

/** True when the error says that something is wrong here, not with the request. */
export function isOurFault(error: unknown): boolean {
  return errorShape(error).code === 'UNAVAILABLE'
}
