import { LatchkeyError } from '../errors.ts'

// Both mean a mistake in the caller; they are named so that every store refuses in the same way.

export function deviceMissing(cause?: unknown): LatchkeyError {
  return new LatchkeyError('NOT_FOUND', 'a grant or token needs its device to be in the store first', {
    cause,
  })
}

export function secondPending(cause?: unknown): LatchkeyError {
  return new LatchkeyError('INVALID_REQUEST', 'this device already has a pending request', { cause })
}
