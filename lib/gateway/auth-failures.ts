import type { IncomingMessage } from 'node:http'

/** What was wrong with the credentials of a request over HTTP. */
export type AuthFailure = 'device-token' | 'device-proof' | 'shared-secret'

/** Hears of every failed authentication over HTTP, and may refuse to look at any further ones. */
export type AuthFailures = {
  /** Asked before credentials are looked at: milliseconds for which none are, `null` when they are. */
  refusedForMs(request: IncomingMessage): number | null
  /** Told after each failure. A request without any credentials is none. */
  report(request: IncomingMessage, failure: AuthFailure): void
}

/** Limits nothing. */
export const UNLIMITED_FAILURES: AuthFailures = {
  refusedForMs: () => null,
  report: () => undefined,
}
