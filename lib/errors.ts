/** The one table: code → what it means. HTTP statuses and close codes are chosen in their own layers. */
const SENTENCES = {
  NODE_TOO_OLD: 'Latchkey needs Node 22.14 or newer',
  OPTION_INVALID: 'an option is not valid',
  OPTION_UNKNOWN: 'an option is not known',
  LOCALITY_MISSING: 'requireLocalClient() found no verdict: mount localClient() before it',
  STORE_CORRUPT: 'the store is damaged and was left as it is',
  STORE_NEWER: 'the store was written by a newer version of Latchkey',
  STORE_UNAVAILABLE: 'the store cannot be opened or written',
  STORE_CLOSED: 'the store is closed',
  INVALID_REQUEST: 'the request is not valid',
  NOT_PAIRED: 'pairing required',
  FORBIDDEN: 'the caller may not do this',
  NOT_FOUND: 'there is no such thing',
  REQUEST_SUPERSEDED: 'the request has changed since it was shown',
  RATE_LIMITED: 'too many requests',
  UNAVAILABLE: 'the gateway cannot answer now',
  CLOSED: 'the connection is closed',
  TIMEOUT: 'no answer came in time',
  IDENTITY_INVALID: 'the device identity cannot be used',
  GATEWAY_UNREACHABLE: 'the gateway cannot be reached',
} as const

export type LatchkeyErrorCode = keyof typeof SENTENCES

/** Facts that belong to an error, for programs. Never a secret. */
export type ErrorDetails = Readonly<Record<string, unknown>>

/** Every error that Latchkey throws. Match on `code`; the message is for people. */
export class LatchkeyError extends Error {
  override readonly name = 'LatchkeyError'
  readonly code: LatchkeyErrorCode
  readonly details: ErrorDetails | undefined

  constructor(code: LatchkeyErrorCode, message?: string, options: { cause?: unknown; details?: ErrorDetails } = {}) {
    super(message ?? SENTENCES[code], options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.details = options.details
  }
}
