import { LatchkeyError } from '../../errors.ts'
import type { LocalityVerdict } from '../../gateway/explain.ts'

/**
 * The verdict in the answer of `locality.explain`, checked as far as it is printed.
 *
 * @throws {LatchkeyError} NOT_FOUND when there is none, REFUSED when it is something else
 */
export function readVerdict(answer: unknown): LocalityVerdict {
  const verdict = isFields(answer) ? answer.verdict : undefined
  if (verdict === null) {
    throw new LatchkeyError(
      'NOT_FOUND',
      'the owner approved this connection, so nobody had to find out where it is',
    )
  }
  if (isVerdict(verdict)) return verdict
  throw new LatchkeyError(
    'REFUSED',
    'the gateway sent no verdict; is it another version than this command line?',
  )
}

function isVerdict(value: unknown): value is LocalityVerdict {
  if (!isFields(value)) return false
  const { isLocal, kind, assurance, clientAddress, reason, trace, advice } = value
  return (
    typeof isLocal === 'boolean' &&
    [kind, assurance, reason, clientAddress ?? '', advice ?? ''].every((part) => typeof part === 'string') &&
    Array.isArray(trace) &&
    trace.every(
      (entry: unknown) =>
        isFields(entry) && [entry.rule, entry.outcome, entry.saw].every((part) => typeof part === 'string'),
    )
  )
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
