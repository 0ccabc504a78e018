import { LatchkeyError, type LatchkeyErrorCode } from '../errors.ts'
import { CLOSE } from '../protocol/close-codes.ts'
import { readRetryAfterMs } from './client-errors.ts'
import { PairingRequiredError } from './pairing-required-error.ts'

/** What to do after an error. `spread`: all clients lost their connections at the same moment. */
export type Retry =
  | { readonly kind: 'never' }
  | { readonly kind: 'approval'; readonly afterMs: number }
  | { readonly kind: 'again'; readonly afterMs: number; readonly spread: boolean }

const NEVER: Retry = { kind: 'never' }
const AGAIN: Retry = { kind: 'again', afterMs: 0, spread: false }
/** Longer pauses than this are not kept, whoever asks for them. */
const MAX_PAUSE_MS = 10 * 60_000
const APPROVAL_PAUSE_MS = 5000

/** What no retry mends: this client, its key or its options are at fault, or the gateway means it. */
const FINAL_CODES: ReadonlySet<LatchkeyErrorCode> = new Set<LatchkeyErrorCode>([
  'IDENTITY_INVALID',
  'CRYPTO_UNAVAILABLE',
  'OPTION_INVALID',
  'OPTION_UNKNOWN',
  'INVALID_REQUEST',
  'NOT_PAIRED',
  'FORBIDDEN',
])

/** Whether a connection that failed or ended is worth another try, and after which pause at least. */
export function retryOf(error: unknown): Retry {
  if (!(error instanceof LatchkeyError)) return NEVER
  if (error instanceof PairingRequiredError) return { kind: 'approval', afterMs: error.retryAfterMs }
  const { code, details = {} } = error
  if (code === 'CLOSED') {
    const { closeCode, closeReason, retryAfterMs } = details
    // The gateway has spread its clients itself.
    if (closeCode === CLOSE.restart && retryAfterMs !== undefined) return again(retryAfterMs)
    return afterClose(closeCode, typeof closeReason === 'string' ? closeReason : '')
  }
  const detail = typeof details.code === 'string' ? details.code : ''
  // Clocks may be set right meanwhile.
  if (detail === 'DEVICE_AUTH_SIGNATURE_EXPIRED') return again(details.retryAfterMs)
  if (detail.startsWith('DEVICE_AUTH_') || detail === 'PROTOCOL_MISMATCH') return NEVER
  if (code === 'REFUSED' && details.status === 403) return NEVER
  const isMeant = FINAL_CODES.has(code) || (code === 'REFUSED' && details.wireCode !== undefined)
  return isMeant && details.retryable !== true ? NEVER : again(details.retryAfterMs)
}

function again(retryAfterMs: unknown): Retry {
  const afterMs = Math.min(readRetryAfterMs(retryAfterMs) ?? 0, MAX_PAUSE_MS)
  return { kind: 'again', afterMs, spread: false }
}

function afterClose(code: unknown, reason: string): Retry {
  if (code === CLOSE.restart || code === CLOSE.tryLater) return { kind: 'again', afterMs: 0, spread: true }
  if (code === CLOSE.protocol && /protocol mismatch/i.test(reason)) return NEVER
  if (code !== CLOSE.policy) return AGAIN
  if (/^pairing required/i.test(reason)) return { kind: 'approval', afterMs: APPROVAL_PAUSE_MS }
  return /timeout|timed out|rate limit|too many/i.test(reason) ? AGAIN : NEVER
}
