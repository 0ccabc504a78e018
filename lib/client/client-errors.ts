import { LatchkeyError, type ErrorDetails, type LatchkeyErrorCode } from '../errors.ts'
import { isRecord } from '../protocol/frames.ts'
import { plainLine } from './plain-line.ts'

/** Codes on the wire that are codes of ours. */
const KNOWN: readonly LatchkeyErrorCode[] = [
  'NOT_PAIRED',
  'FORBIDDEN',
  'INVALID_REQUEST',
  'REQUEST_SUPERSEDED',
  'RATE_LIMITED',
  'UNAVAILABLE',
]

/** The error of an answer, its form checked: none of it is to be believed. */
export type WireError = {
  readonly code: string
  readonly message: string
  /** Those that the gateway sent, and `wireCode`, `retryable` and `retryAfterMs` of the error itself. */
  readonly details: ErrorDetails
}

export function readWireError(error: unknown): WireError | null {
  if (!isRecord(error) || typeof error.code !== 'string') return null
  const { retryable } = error
  const code = plainLine(error.code, 64)
  const given = isRecord(error.details) ? error.details : {}
  // An own key of this name becomes a prototype as soon as somebody copies the details by assignment.
  const entries = Object.entries(given).filter(([name]) => name !== '__proto__')
  const retryAfterMs = readRetryAfterMs(error.retryAfterMs) ?? readRetryAfterMs(given.retryAfterMs)
  return {
    code,
    message: typeof error.message === 'string' && error.message !== '' ? plainLine(error.message) : code,
    details: {
      ...Object.fromEntries(entries),
      ...(typeof retryable === 'boolean' ? { retryable } : {}),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      wireCode: code,
    },
  }
}

/** What a gateway asks for, as a number of milliseconds that is one. */
export function readRetryAfterMs(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
}

/** The error of an answer as a LatchkeyError. */
export function refusedError(error: unknown): LatchkeyError {
  const wire = readWireError(error)
  if (wire === null) return new LatchkeyError('REFUSED', 'the gateway refused without a reason')
  const { code, message, details } = wire
  const known = KNOWN.find((candidate) => candidate === code) ?? 'REFUSED'
  return new LatchkeyError(details.code === 'AUTH_RATE_LIMITED' ? 'RATE_LIMITED' : known, message, {
    details,
  })
}

/** The connection has ended: with a close code and reason of the gateway, or without (1005, 1006). */
export function closedError(code: number, reason: string): LatchkeyError {
  const closeReason = plainLine(reason, 123)
  return new LatchkeyError('CLOSED', `the gateway closed the connection: ${code} ${closeReason}`.trimEnd(), {
    details: { closeCode: code, closeReason },
  })
}

export function notTheProtocol(url: string, details?: ErrorDetails): LatchkeyError {
  return new LatchkeyError('REFUSED', `${url} does not speak the gateway protocol`, {
    details: { code: 'NOT_THE_PROTOCOL', ...details },
  })
}

/** What `ws` or the system said when no connection came about. */
export function unreachableError(url: string, cause: unknown): LatchkeyError {
  const why =
    cause instanceof AggregateError
      ? cause.errors.map(String).join('; ')
      : cause instanceof Error
        ? cause.message
        : String(cause)
  const answered = /Unexpected server response: (\d+)/.exec(why)?.[1]
  const details = answered === undefined ? { url } : { url, status: Number(answered) }
  if (answered === '403') {
    return new LatchkeyError(
      'REFUSED',
      `${url} refused the connection with HTTP 403: pages of this origin may not connect`,
      { cause, details },
    )
  }
  return new LatchkeyError(
    'GATEWAY_UNREACHABLE',
    `${url} cannot be reached: ${why}. Is the gateway running, and is the URL right?`,
    { cause, details },
  )
}
