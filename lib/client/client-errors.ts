import { LatchkeyError, type LatchkeyErrorCode } from '../errors.ts'
import { isRecord } from '../protocol/frames.ts'

/** Codes on the wire that are codes of ours. */
const KNOWN: readonly LatchkeyErrorCode[] = [
  'NOT_PAIRED',
  'FORBIDDEN',
  'INVALID_REQUEST',
  'REQUEST_SUPERSEDED',
  'RATE_LIMITED',
  'UNAVAILABLE',
]

/** The error of an answer, as a LatchkeyError; its details are those that the gateway sent. */
export function refusedError(error: unknown): LatchkeyError {
  if (!isRecord(error) || typeof error.code !== 'string')
    return new LatchkeyError('REFUSED', 'the gateway refused without a reason')
  const { code, details } = error
  const message = typeof error.message === 'string' ? error.message : code
  const known = KNOWN.find((candidate) => candidate === code) ?? 'REFUSED'
  return new LatchkeyError(known, message, {
    details: { wireCode: code, ...(isRecord(details) ? details : {}) },
  })
}

export function unreachableError(url: string, cause: unknown): LatchkeyError {
  const why =
    cause instanceof AggregateError
      ? cause.errors.map(String).join('; ')
      : cause instanceof Error
        ? cause.message
        : String(cause)
  const status = /Unexpected server response: (\d+)/.exec(why)?.[1]
  if (status === '403') {
    return new LatchkeyError(
      'REFUSED',
      `${url} refused the connection with HTTP 403: pages of this origin may not connect`,
      { cause },
    )
  }
  return new LatchkeyError(
    'GATEWAY_UNREACHABLE',
    `${url} cannot be reached: ${why}. Is the gateway running, and is the URL right?`,
    { cause },
  )
}
