/** The one table: code → what it means. HTTP statuses and close codes are chosen in their own layers. */
const SENTENCES = {
  NODE_TOO_OLD: 'Latchkey needs Node 22.14 or newer',
  OPTION_INVALID: 'an option is not valid',
  OPTION_UNKNOWN: 'an option is not known',
  LOCALITY_MISSING: 'requireLocalClient() found no verdict: mount localClient() before it',
  DEPENDENCY_MISSING: 'an optional package is not installed',
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
  SOCKET_IN_USE: 'the socket cannot be listened on',
  FOLDER_UNSAFE: 'the folder is not private',
  SECRET_UNSAFE: 'the secret file cannot be used',
  IDENTITY_INVALID: 'the device identity cannot be used',
  CRYPTO_UNAVAILABLE: 'this platform lacks the cryptography that a device needs',
  REFUSED: 'the gateway refused',
  GATEWAY_UNREACHABLE: 'the gateway cannot be reached',
  TEST_FAILED: 'what a test expected is not so',
} as const

export type LatchkeyErrorCode = keyof typeof SENTENCES

/** Facts that belong to an error, for programs. Never a secret. */
export type ErrorDetails = Readonly<Record<string, unknown>>

/** Every error that Latchkey throws. Match on `code`; the message is for people. */
export class LatchkeyError extends Error {
  override readonly name = 'LatchkeyError'
  readonly code: LatchkeyErrorCode
  readonly details: ErrorDetails | undefined

  constructor(
    code: LatchkeyErrorCode,
    message?: string,
    options: { cause?: unknown; details?: ErrorDetails } = {},
  ) {
    super(message ?? SENTENCES[code], options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.details = options.details
  }
}

/** Throws OPTION_UNKNOWN for a key that is not in `known`, with the known key that looks most like it. */
export function rejectUnknownKeys(what: string, given: object, known: readonly string[]): void {
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue
    const closest = known
      .map((candidate) => ({ candidate, distance: editDistance(key.toLowerCase(), candidate.toLowerCase()) }))
      .sort((a, b) => a.distance - b.distance)[0]
    const hint =
      closest !== undefined && closest.distance <= Math.max(2, key.length / 3)
        ? `did you mean ${closest.candidate}?`
        : `known: ${known.join(', ')}`
    throw new LatchkeyError('OPTION_UNKNOWN', `${what}: there is no option ${JSON.stringify(key)}; ${hint}`)
  }
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
