import { LatchkeyError } from '../../errors.ts'
import { deviceMissing, secondPending } from '../constraint-errors.ts'
import { failureOf } from './failure-table.ts'
import { describeLocation, type PostgresLocation } from './postgres-location.ts'

/** `isRetryable`: it may work later without a new start. */
export function unavailablePostgres(
  location: PostgresLocation,
  found: string,
  isRetryable: boolean,
  cause?: unknown,
): LatchkeyError {
  return new LatchkeyError('STORE_UNAVAILABLE', `${describeLocation(location)} is not available: ${found}`, {
    cause,
    details: { store: describeLocation(location), found, retryable: isRetryable },
  })
}

export function corruptPostgres(location: PostgresLocation, found: string, cause?: unknown): LatchkeyError {
  return new LatchkeyError(
    'STORE_CORRUPT',
    `${describeLocation(location)} cannot be used: ${found}. Nothing was changed. Restore it with pg_restore, ` +
      'or drop the schema to start anew: every device must then pair again.',
    { cause, details: { store: describeLocation(location), found } },
  )
}

/**
 * The connection was lost between COMMIT and its answer. To try again is safe: what was decided once gives the
 * same answer, and what was not is decided then.
 */
export function unknownOutcome(location: PostgresLocation, error: unknown): LatchkeyError {
  const found = `the connection was lost during COMMIT (${messageOf(error)}), so whether it took place is unknown`
  return new LatchkeyError(
    'STORE_UNAVAILABLE',
    `${describeLocation(location)} is not available: ${found}. Ask again: what was decided stays decided.`,
    {
      cause: summaryOf(error),
      details: { store: describeLocation(location), found, retryable: true, outcome: 'unknown' },
    },
  )
}

/** Says in Latchkey's terms what PostgreSQL, a pooler or the network reported. */
export function explainPostgresError(location: PostgresLocation, error: unknown): Error {
  if (error instanceof LatchkeyError) return error
  const code = codeOf(error)
  const cause = summaryOf(error)
  if (code === '23503') return deviceMissing(cause)
  if (code === '23505' && constraintOf(error) === 'requests_one_pending') return secondPending(cause)
  if (code === '22021') {
    const message =
      'the store refused a text: PostgreSQL holds no NUL character (U+0000), and nothing that is not UTF-8'
    return new LatchkeyError('INVALID_REQUEST', message, { cause })
  }
  if (/^2[23]/.test(code)) {
    return new LatchkeyError('INVALID_REQUEST', `the store refused a row: ${messageOf(error)}`, { cause })
  }
  const failure = failureOf(code, messageOf(error))
  const said = `${failure.found} (${code === '' ? '' : `${code}: `}${messageOf(error)})`
  if (failure.kind === 'corrupt') return corruptPostgres(location, said, cause)
  return unavailablePostgres(location, said, failure.isRetryable, cause)
}

/** True when the session goes on: the statement alone failed. */
export function isStatementError(error: unknown): boolean {
  return error instanceof Error && 'severity' in error && error.severity === 'ERROR'
}

function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : ''
  return typeof code === 'string' ? code : ''
}

function constraintOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'constraint' in error ? error.constraint : undefined
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0])
  return error instanceof Error ? error.message : String(error)
}

/** Without the row that a driver's error quotes: it holds hashes of tokens. */
function summaryOf(error: unknown): Error {
  return Object.assign(new Error(messageOf(error)), { code: codeOf(error) })
}
