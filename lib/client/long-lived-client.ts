import { LatchkeyError } from '../errors.ts'
import type { HelloOk } from '../protocol/hello-ok.ts'
import { fullJitter, type Backoff } from './backoff.ts'
import { callBack } from './call-back.ts'
import type { ClientPlatform, StartTimer } from './client-platform.ts'
import { readMs, type ConnectSettings } from './connect-options.ts'
import type { ClientState, GatewayClient } from './gateway-client.ts'
import { openConnection, type OpenConnection } from './gateway-connection.ts'
import { PairingRequiredError, requestKey } from './pairing-required-error.ts'
import type { RequestOptions } from './pending-requests.ts'
import { retryOf, type Retry } from './retry.ts'
import { watchTicks, type TickWatch } from './tick-watch.ts'

type Waiter = { resolve(connection: OpenConnection): void; reject(error: unknown): void }

/** The options of a long-lived client that are no settings of a connection, with every default filled in. */
export type Behaviour = {
  readonly onState: (state: ClientState) => void
  readonly onPairingRequired: (error: PairingRequiredError) => void
  readonly backoff: Backoff
  readonly random: () => number
  readonly startTimer: StartTimer
}

/** The connection that is made again: owns its attempts, its timers and those who wait for it. */
export class LongLivedClient implements GatewayClient {
  readonly #platform: ClientPlatform
  readonly #settings: ConnectSettings
  readonly #behaviour: Behaviour
  readonly #closing = new AbortController()
  readonly #waiters = new Set<Waiter>()
  #state: ClientState = 'connecting'
  #connection: OpenConnection | null = null
  #watch: TickWatch | null = null
  #cancelPause: () => void = () => undefined
  #cancelReset: () => void = () => undefined
  #failures = 0
  /** Why there is no connection, or for good none any more. */
  #lastError: unknown = null
  #toldRequest = ''

  constructor(platform: ClientPlatform, settings: ConnectSettings, behaviour: Behaviour) {
    this.#platform = platform
    this.#settings = { ...settings, signal: this.#closing.signal }
    this.#behaviour = behaviour
    this.#connect()
  }

  get state(): ClientState {
    return this.#state
  }

  async request(method: string, params?: unknown, options: RequestOptions = {}): Promise<unknown> {
    const { signal } = options
    signal?.throwIfAborted()
    const timeoutMs = readMs('request', 'timeoutMs', options.timeoutMs, this.#settings.timeoutMs)
    if (this.#connection !== null) return this.#connection.request(method, params, { ...options, timeoutMs })
    const startedAt = performance.now()
    return this.#wait(
      (connection) => {
        const leftMs = Math.max(1, timeoutMs - (performance.now() - startedAt))
        return connection.request(method, params, { ...options, timeoutMs: leftMs })
      },
      { method, timeoutMs, signal },
    )
  }

  connected(): Promise<HelloOk> {
    const hello = this.#connection?.hello
    return hello === undefined ? this.#wait((connection) => connection.hello) : Promise.resolve(hello)
  }

  close(): void {
    this.#end(new LatchkeyError('CLOSED', 'this client was closed'))
  }

  /** Until there is a connection; `use` is called at once then, before it can end. */
  #wait<T>(
    use: (connection: OpenConnection) => T | Promise<T>,
    limit?: { method: string; timeoutMs: number; signal: AbortSignal | undefined },
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#state === 'closed') {
        // What it gave up for, whatever that was.
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
        reject(this.#lastError)
        return
      }
      const onAbort = (): void => {
        waiter.reject(limit?.signal?.reason)
      }
      const cancel =
        limit === undefined
          ? (): void => undefined
          : this.#platform.startTimer(() => {
              waiter.reject(notConnected(limit.method, limit.timeoutMs, this.#lastError))
            }, limit.timeoutMs)
      const settled = (): void => {
        this.#waiters.delete(waiter)
        limit?.signal?.removeEventListener('abort', onAbort)
        cancel()
      }
      const waiter: Waiter = {
        resolve(connection) {
          settled()
          resolve(use(connection))
        },
        reject(error) {
          settled()
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
          reject(error)
        },
      }
      limit?.signal?.addEventListener('abort', onAbort)
      this.#waiters.add(waiter)
    })
  }

  #connect(): void {
    // A device that waits for its owner goes on waiting while it asks once more.
    if (this.#state !== 'waiting-for-approval') this.#enter('connecting')
    if (this.#isClosed()) return
    const onOpen = (connection: OpenConnection): void => {
      this.#opened(connection)
    }
    const onFrame = (): void => this.#watch?.seen()
    openConnection(this.#platform, this.#settings, { onOpen, onFrame }).catch((error: unknown) => {
      this.#pause(error)
    })
  }

  #opened(connection: OpenConnection): void {
    if (this.#isClosed()) return
    const { startTimer, backoff } = this.#behaviour
    this.#connection = connection
    this.#lastError = null
    this.#toldRequest = ''
    this.#watch = watchTicks(startTimer, connection.hello.policy.tickIntervalMs, () => {
      connection.terminate(
        new LatchkeyError('CLOSED', 'the gateway gave no sign of life', { details: { closeCode: 1006 } }),
      )
    })
    this.#cancelReset = startTimer(() => {
      this.#failures = 0
    }, backoff.resetAfterMs)
    void connection.closed.then(({ error }) => {
      this.#lost(error)
    })
    for (const waiter of [...this.#waiters]) waiter.resolve(connection)
    this.#enter('connected')
  }

  #lost(error: LatchkeyError): void {
    this.#connection = null
    this.#watch?.stop()
    this.#watch = null
    this.#cancelReset()
    this.#pause(error)
  }

  /** Until the next attempt, when there is to be one. */
  #pause(error: unknown): void {
    if (this.#isClosed()) return
    this.#lastError = error
    const retry = retryOf(error)
    if (retry.kind === 'never') {
      this.#end(error)
      return
    }
    const ms = this.#pauseMs(retry)
    this.#cancelPause = this.#behaviour.startTimer(() => {
      this.#connect()
    }, ms)
    this.#enter(retry.kind === 'approval' ? 'waiting-for-approval' : 'waiting')
    if (error instanceof PairingRequiredError) this.#tell(error)
  }

  #pauseMs(retry: Exclude<Retry, { readonly kind: 'never' }>): number {
    if (retry.kind === 'approval') return retry.afterMs
    const { backoff, random } = this.#behaviour
    const jitter = fullJitter(backoff, this.#failures, random)
    this.#failures += 1
    return retry.afterMs + (retry.spread ? Math.max(jitter, random() * backoff.spreadMs) : jitter)
  }

  #tell(error: PairingRequiredError): void {
    const request = requestKey(error)
    if (request === this.#toldRequest || this.#isClosed()) return
    this.#toldRequest = request
    callBack(this.#behaviour.onPairingRequired, error)
  }

  #end(error: unknown): void {
    if (this.#isClosed()) return
    this.#lastError = error
    this.#cancelPause()
    this.#cancelReset()
    this.#watch?.stop()
    this.#connection?.close()
    this.#connection = null
    this.#closing.abort(error)
    for (const waiter of [...this.#waiters]) waiter.reject(error)
    this.#enter('closed')
  }

  #isClosed(): boolean {
    return this.#state === 'closed'
  }

  #enter(state: ClientState): void {
    if (this.#state === state) return
    this.#state = state
    callBack(this.#behaviour.onState, state)
  }
}

function notConnected(method: string, timeoutMs: number, cause: unknown): LatchkeyError {
  const why = cause instanceof Error ? `: ${cause.message}` : ''
  return new LatchkeyError('TIMEOUT', `${method}: no connection within ${timeoutMs} ms${why}`, {
    cause,
    details: { method, timeoutMs },
  })
}
