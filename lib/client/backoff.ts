import { rejectUnknownKeys } from '../errors.ts'
import { readMs } from './connect-options.ts'

/** How long a client waits before it connects again. All in milliseconds. */
export type BackoffOptions = {
  /** The longest pause after the first failure; it doubles with each further one. Default 250. */
  minMs?: number
  /** ... up to this. Default 30,000. */
  maxMs?: number
  /** After a restart of the gateway (close codes 1012 and 1013) its clients come back within this. Default 5,000. */
  spreadMs?: number
  /** A connection that stayed up for this long ends the series of failures. Default 10,000. */
  resetAfterMs?: number
}

export type Backoff = Readonly<Required<BackoffOptions>>

/** @throws {LatchkeyError} OPTION_UNKNOWN, OPTION_INVALID */
export function parseBackoff(what: string, given: BackoffOptions = {}): Backoff {
  rejectUnknownKeys(`${what}: backoff`, given, ['minMs', 'maxMs', 'spreadMs', 'resetAfterMs'])
  const read = (name: keyof BackoffOptions, fallback: number): number =>
    readMs(what, `backoff.${name}`, given[name], fallback)
  return {
    minMs: read('minMs', 250),
    maxMs: read('maxMs', 30_000),
    spreadMs: read('spreadMs', 5000),
    resetAfterMs: read('resetAfterMs', 10_000),
  }
}

/**
 * Exponential backoff with full jitter: anything from nothing to the whole pause, so that clients that failed
 * together do not come back together.
 *
 * @param failures in a row before this one
 * @param random from 0 to 1
 */
export function fullJitter({ minMs, maxMs }: Backoff, failures: number, random: () => number): number {
  return random() * Math.min(maxMs, minMs * 2 ** Math.min(failures, 30))
}
