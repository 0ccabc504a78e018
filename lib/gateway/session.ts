import type { LocalityVerdict } from '../locality/index.ts'
import type { Authority, Clock, ScopeLattice } from '../pairing/index.ts'
import { CLOSE, type ErrorShape, type RequestFrame } from '../protocol/index.ts'
import { errorShape, isOurFault, NOT_IN_STEP, RESTARTING } from './error-shape.ts'
import { closeSocket, readMessage, sendFrame, type GatewaySocket } from './gateway-socket.ts'
import type { GatewayLimits } from './limits.ts'
import type { MethodTable } from './methods.ts'
import type { SessionLease } from './nodes/session-lease.ts'
import type { Logger } from './logger.ts'

export type SessionOptions = {
  readonly socket: GatewaySocket
  readonly connId: string
  readonly authority: Authority
  /** When its authority ends; `null`: it does not. */
  readonly untilMs: number | null
  readonly locality: LocalityVerdict | null
  /** Works out where the client is, when nobody had to until now. */
  readonly judge: () => Promise<LocalityVerdict>
  readonly methods: MethodTable
  readonly lattice: ScopeLattice
  readonly limits: GatewayLimits
  readonly logger: Logger
  readonly clock: Clock
  /** The last event that its admission has seen. */
  readonly atSeq: number
  readonly lease: SessionLease
}

const MAX_TIMER_MS = 2 ** 31 - 1

/** One connection of a paired device, from hello-ok to its end. */
export class Session {
  readonly connId: string
  readonly authority: Authority
  /** `null` for a client without a key of its own. */
  readonly deviceId: string | null
  readonly role: string
  readonly scopes: readonly string[]
  readonly atSeq: number
  readonly #options: SessionOptions
  readonly #ended = new AbortController()
  #inFlight = 0
  #seq = 0
  #alive = true
  #isClosing = false
  /** Told when nothing is under way any more. */
  #onIdle: (() => void) | null = null

  constructor(options: SessionOptions) {
    this.#options = options
    this.connId = options.connId
    this.atSeq = options.atSeq
    const { authority } = options
    if (authority.kind === 'host') throw new TypeError('the host has no connection')
    this.authority = authority
    this.deviceId = authority.kind === 'device' ? authority.deviceId : null
    this.role = authority.kind === 'device' ? authority.role : 'operator'
    this.scopes = authority.scopes
    if (options.untilMs !== null) this.#endAt(options.untilMs)
    options.socket.on('close', () => {
      this.#ended.abort()
    })
    options.socket.on('pong', () => {
      this.#alive = true
    })
  }

  locality(): Promise<LocalityVerdict> {
    const { locality, judge } = this.#options
    return locality === null ? judge() : Promise.resolve(locality)
  }

  /** One message of the client. Never throws; the answer goes out when there is one. */
  receive(data: unknown, isBinary: boolean | undefined): void {
    // Frames still arrive until the client answers the close: a removed device must not have them carried out.
    if (this.#isClosing) return
    const { limits, lease } = this.#options
    const frame = readMessage(data, isBinary)
    if (frame === null) {
      this.close(CLOSE.policy, 'frames must be JSON text')
      return
    }
    if ('problem' in frame) {
      if (frame.id === null) this.close(CLOSE.policy, frame.problem)
      else this.#refuse(frame.id, { code: 'INVALID_REQUEST', message: frame.problem })
      return
    }
    if (this.#onIdle !== null) {
      this.#refuse(frame.id, RESTARTING)
      return
    }
    if (!lease.isValid) {
      this.#refuse(frame.id, NOT_IN_STEP)
      return
    }
    if (this.#inFlight >= limits.requestsInFlight) {
      this.#refuse(frame.id, { code: 'UNAVAILABLE', message: 'too many requests under way', retryable: true })
      return
    }
    this.#inFlight += 1
    this.#answer(frame)
      .catch((error: unknown) => {
        this.#options.logger.error('an answer could not be sent', {
          method: frame.method,
          error: String(error),
        })
        this.close(CLOSE.internal, 'internal error')
      })
      .finally(() => {
        this.#inFlight -= 1
        if (this.#inFlight === 0) this.#onIdle?.()
      })
  }

  /** Sends an event. */
  send(event: string, payload: unknown): void {
    if (this.#isClosing || !this.#options.lease.isValid) return
    this.#seq += 1
    this.#deliver({ type: 'event', event, payload, seq: this.#seq })
  }

  /** A sign of life to the client, and a question for one; ends the connection when the last went unanswered. */
  tick(nowMs: number): void {
    const { socket } = this.#options
    if (!this.#alive) {
      this.close(CLOSE.tickTimeout, 'tick timeout')
      return
    }
    this.#alive = false
    socket.ping()
    this.send('tick', { ts: nowMs })
  }

  /**
   * Takes nothing new and ends with 1012 once what is under way was answered, or when `late` resolves.
   *
   * @param restartExpectedMs when the client is to come back: each at another moment
   */
  async endForRestart(restartExpectedMs: number, late: Promise<void>): Promise<void> {
    const idle = new Promise<void>((resolve) => (this.#onIdle = resolve))
    if (this.#inFlight > 0) await Promise.race([idle, late])
    this.send('shutdown', { reason: 'restart', restartExpectedMs })
    this.close(CLOSE.restart, 'the gateway is closing')
  }

  close(code: number, reason: string): void {
    this.#isClosing = true
    this.#ended.abort()
    const { socket, limits } = this.#options
    const end = (): void => {
      closeSocket(socket, code, reason, limits.closeMs)
    }
    // A device that removes itself still gets the answer to that.
    if (this.#inFlight > 0) setImmediate(end)
    else end()
  }

  /** Ends the connection with its authority. A timer takes no more than 24 days, so it may ring more than once. */
  #endAt(untilMs: number): void {
    const leftMs = untilMs - this.#options.clock.now()
    if (leftMs <= 0) {
      this.close(CLOSE.authorityChanged, 'approval has expired')
      return
    }
    const timer = setTimeout(() => this.#endAt(untilMs), Math.min(leftMs, MAX_TIMER_MS))
    timer.unref()
    this.#ended.signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
  }

  async #answer(frame: RequestFrame): Promise<void> {
    const { methods, lattice, authority, connId, locality, logger } = this.#options
    const method = methods.get(frame.method)
    if (method === undefined) {
      const message = `unknown method: ${JSON.stringify(frame.method)}`
      this.#refuse(frame.id, { code: 'INVALID_REQUEST', message })
      return
    }
    if (method.scope !== null && !lattice.implies(this.scopes, method.scope)) {
      const details = { code: 'MISSING_SCOPE', missingScope: method.scope, requiredScopes: [method.scope] }
      this.#refuse(frame.id, { code: 'FORBIDDEN', message: `missing scope: ${method.scope}`, details })
      return
    }
    const { deviceId, role, scopes } = this
    try {
      const { signal } = this.#ended
      const call = { params: frame.params, deviceId, role, scopes, connId, locality, authority, signal }
      const payload: unknown = await method.handler(call)
      this.#deliver({ type: 'res', id: frame.id, ok: true, payload })
    } catch (error) {
      if (isOurFault(error)) logger.error(`method ${method.name} failed`, { deviceId, error })
      this.#refuse(frame.id, errorShape(error))
    }
  }

  #refuse(id: string, error: ErrorShape): void {
    this.#deliver({ type: 'res', id, ok: false, error })
  }

  /** A client that does not read is cut off rather than buffered for without end. */
  #deliver(frame: object): void {
    const { socket, limits } = this.#options
    if (socket.bufferedAmount > limits.maxBufferedBytes) socket.terminate()
    else sendFrame(socket, frame)
  }
}
