import { LatchkeyError } from '../errors.ts'
import type { HelloOk } from '../protocol/hello-ok.ts'
import { parseBackoff, type BackoffOptions } from './backoff.ts'
import type { ClientPlatform, StartTimer } from './client-platform.ts'
import { parseConnectOptions, readFunction, type ConnectOptions } from './connect-options.ts'
import { LongLivedClient } from './long-lived-client.ts'
import type { PairingRequiredError } from './pairing-required-error.ts'
import type { RequestOptions } from './pending-requests.ts'

/**
 * `connecting`: on the way. `connected`: hello-ok came. `waiting-for-approval`: the owner has not decided; it
 * asks again and again. `waiting`: for the next attempt. `closed`: for good.
 */
export type ClientState = 'connecting' | 'connected' | 'waiting-for-approval' | 'waiting' | 'closed'

/** How to connect, and to connect again. Unknown names are refused. */
export type GatewayClientOptions = Omit<ConnectOptions, 'signal'> & {
  /** Told each change; it begins with `connecting`, untold. */
  onState?: (state: ClientState) => void
  /** Told each request that waits for the owner once, and again when it has changed. */
  onPairingRequired?: (error: PairingRequiredError) => void
  /** The pauses between attempts. */
  backoff?: BackoffOptions
  /** From 0 to 1. Default `Math.random`. */
  random?: () => number
  /** For pauses and signs of life. Default: the platform's. */
  startTimer?: StartTimer
}

/** A connection that is made again whenever it ends. */
export type GatewayClient = {
  /** Where it is now. */
  readonly state: ClientState
  /**
   * Resolves with the payload of the answer. Waits for a connection while there is none; the time-out covers
   * both. What was sent when the connection ends rejects with CLOSED and is never sent again by itself: the
   * gateway may have carried it out.
   *
   * @throws {LatchkeyError} what the gateway answered; TIMEOUT, with the reason why there was no connection as
   *   its cause; CLOSED; the error for which the client gave up; the signal's reason when it aborts
   */
  request(method: string, params?: unknown, options?: RequestOptions): Promise<unknown>
  /** Resolves with the hello of this connection or the next; rejects when the client is closed or gives up. */
  connected(): Promise<HelloOk>
  /** Ends it for good. What still waits rejects with CLOSED. */
  close(): void
}

const MORE = ['onState', 'onPairingRequired', 'backoff', 'random', 'startTimer']

/**
 * @param more options of the platform, which it reads itself
 * @throws {LatchkeyError} OPTION_UNKNOWN, OPTION_INVALID
 */
export function gatewayClientOn(
  platform: ClientPlatform,
  options: GatewayClientOptions,
  more: readonly string[] = [],
): GatewayClient {
  const what = 'gatewayClient'
  const known = [...MORE, ...more]
  const settings = parseConnectOptions(what, options, known)
  if ('signal' in options)
    throw new LatchkeyError('OPTION_UNKNOWN', `${what}: use close() in place of a signal`)
  return new LongLivedClient(platform, settings, {
    onState: readFunction(what, 'onState', options.onState) ?? (() => undefined),
    onPairingRequired:
      readFunction(what, 'onPairingRequired', options.onPairingRequired) ?? (() => undefined),
    backoff: parseBackoff(what, options.backoff),
    random: readFunction(what, 'random', options.random) ?? Math.random,
    startTimer: readFunction(what, 'startTimer', options.startTimer) ?? platform.startTimer,
  })
}
