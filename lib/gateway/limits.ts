import { LatchkeyError, rejectUnknownKeys } from '../errors.ts'

/** All in milliseconds, bytes or numbers of things. */
export type GatewayLimits = {
  /** Frame size before a client has proved who it is. 16 KiB. */
  readonly handshakePayloadBytes: number
  /** Frame size after that. 1 MiB. */
  readonly maxPayloadBytes: number
  /** From the TCP connection to hello-ok. 10 s. */
  readonly handshakeMs: number
  /** Frames that may wait while the first one is looked at. 15. */
  readonly handshakeFrames: number
  /** Sockets that have not proved who they are, per address prefix. 32; newcomers may make it four times that for a second. */
  readonly unauthenticatedPerPrefix: number
  /** ... and in all. 1,000. */
  readonly unauthenticated: number
  /** From the close frame to the end of the connection. 1 s. */
  readonly closeMs: number
  /** Requests of one connection that may be under way. 64. */
  readonly requestsInFlight: number
  /** What may wait to be sent to one client. 4 MiB; beyond that it is cut off. */
  readonly maxBufferedBytes: number
  /** Between signs of life. 30 s. */
  readonly tickMs: number
  /** How long a pairing request waits without a retry. 5 minutes. */
  readonly requestTtlMs: number
  /** Pairing requests that may wait at a time. 1,000. */
  readonly maxPending: number
  /** ... from one address prefix. 20. */
  readonly maxPendingPerPrefix: number
  /** Requests that one key may make in an hour, widened ones included. 120. */
  readonly maxRequestsPerDevice: number
  /** How long a device token lasts; 0: until it is rotated or revoked. 0. */
  readonly tokenTtlMs: number
  /** Invitations that may be open at a time. 100. */
  readonly maxInvites: number
  /** Wrong credentials of one client network, or one device, until further ones are not looked at. 10. */
  readonly authFailures: number
  /** ... within this time, counted from the first. 1 minute. */
  readonly authFailureWindowMs: number
  /** How long they are not looked at then. 5 minutes. */
  readonly authBlockMs: number
  /** How long the app's `approve` may take. 2 s; then the owner is asked. */
  readonly policyMs: number
  /** Between looks at what other gateways of the same store have decided, when nothing hints at it. 1 s. */
  readonly pollMs: number
  /** How long sessions go on when these looks fail; then they end with 1012. 15 s; at least twice `pollMs`. */
  readonly leaseMs: number
  /** How long events are kept for gateways that lag behind. 10 minutes; more than `leaseMs`. */
  readonly keepEventsMs: number
  /** How long a gateway that ends waits for calls and decisions that are under way. 5 s. */
  readonly drainMs: number
  /** Its clients are told to come back at moments that are spread over this. 5 s. */
  readonly restartSpreadMs: number
}

const DEFAULTS: GatewayLimits = {
  handshakePayloadBytes: 16 * 1024,
  maxPayloadBytes: 1024 * 1024,
  handshakeMs: 10_000,
  handshakeFrames: 15,
  unauthenticatedPerPrefix: 32,
  unauthenticated: 1000,
  closeMs: 1000,
  requestsInFlight: 64,
  maxBufferedBytes: 4 * 1024 * 1024,
  tickMs: 30_000,
  requestTtlMs: 5 * 60_000,
  maxPending: 1000,
  maxPendingPerPrefix: 20,
  maxRequestsPerDevice: 120,
  tokenTtlMs: 0,
  maxInvites: 100,
  authFailures: 10,
  authFailureWindowMs: 60_000,
  authBlockMs: 5 * 60_000,
  policyMs: 2000,
  pollMs: 1000,
  leaseMs: 15_000,
  keepEventsMs: 10 * 60_000,
  drainMs: 5000,
  restartSpreadMs: 5000,
}

/** Those of which 0 means that there is none. */
const MAY_BE_ZERO: readonly (keyof GatewayLimits)[] = ['tokenTtlMs']

/** Timers and `ws` count in 32 bits: what is larger would be taken for next to nothing. */
const MAX = 2 ** 31 - 1
/** Ten years: kept in the store, not in a timer. */
const MAX_TTL = 10 * 365 * 24 * 60 * 60 * 1000

/** @throws {LatchkeyError} OPTION_UNKNOWN, OPTION_INVALID */
export function parseLimits(given: Partial<GatewayLimits> = {}): GatewayLimits {
  if (typeof given !== 'object' || (given as unknown) === null)
    throw new LatchkeyError('OPTION_INVALID', 'limits: expected an object')
  const names = Object.keys(DEFAULTS) as (keyof GatewayLimits)[]
  rejectUnknownKeys('limits', given, names)
  // Field by field: { maxPayloadBytes: undefined } must not remove a limit.
  const limits = Object.fromEntries(
    names.map((name) => {
      const value = given[name] ?? DEFAULTS[name]
      const least = MAY_BE_ZERO.includes(name) ? 0 : 1
      const most = name === 'tokenTtlMs' ? MAX_TTL : MAX
      if (Number.isInteger(value) && value >= least && value <= most) return [name, value]
      throw new LatchkeyError(
        'OPTION_INVALID',
        `limits.${name}: got ${String(value)}, expected a whole number from ${least} to ${most}`,
      )
    }),
  ) as GatewayLimits
  const { pollMs, leaseMs, keepEventsMs } = limits
  if (leaseMs < 2 * pollMs || keepEventsMs <= leaseMs) {
    throw new LatchkeyError(
      'OPTION_INVALID',
      `limits: got pollMs ${pollMs}, leaseMs ${leaseMs} and keepEventsMs ${keepEventsMs}; expected a lease of at ` +
        'least two polls, and events that are kept for longer than the lease',
    )
  }
  return limits
}
