import type { JudgedRequest } from '../evidence/index.ts'
import type { LocalityVerdict } from '../locality/index.ts'
import type { Authority } from '../pairing/index.ts'
import { CLOSE, type ErrorShape, type RequestFrame } from '../protocol/index.ts'
import { errorShape, isOurFault, NOT_IN_STEP, RESTARTING } from './error-shape.ts'
import { closeSocket, readMessage, sendFrame, type GatewaySocket } from './gateway-socket.ts'
import type { MethodCall } from './methods.ts'
import type { SessionHost, SessionOptions } from './session-options.ts'

type SessionAuthority = Exclude<Authority, { readonly kind: 'host' }>

const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * One connection of a paired device, from hello-ok to its end. A gateway may have very many that do nothing, so it
 * keeps little, and makes what only some need when they need it.
 */
export class Session {
  readonly connId: string
  readonly authority: SessionAuthority
  readonly atSeq: number
  readonly #host: SessionHost
  readonly #socket: GatewaySocket
  readonly #locality: LocalityVerdict | JudgedRequest
  #ending: AbortController | null = null
  #hasEnded = false
  #expiry: NodeJS.Timeout | null = null
  #inFlight = 0
  #seq = 0
  #alive = true
  #isClosing = false
  /** Told when nothing is under way any more. */
  #onIdle: (() => void) | null = null

  constructor(host: SessionHost, options: SessionOptions) {
    const { connId, authority, atSeq, socket, untilMs } = options
    if (authority.kind === 'host') throw new TypeError('the host has no connection')
    this.#host = host
    this.#socket = socket
    this.#locality = options.locality
    this.connId = connId
    this.authority = authority
    this.atSeq = atSeq
    if (untilMs !== null) this.#endAt(untilMs)
    this.#listen()
  }

  /** `null` for a client without a key of its own. */
  get deviceId(): string | null {
    return this.authority.kind === 'device' ? this.authority.deviceId : null
  }

  get role(): string {
    return this.authority.kind === 'device' ? this.authority.role : 'operator'
  }

  get scopes(): readonly string[] {
    return this.authority.scopes
  }

  /** Aborts when the connection ends. Made when somebody asks for it. */
  get signal(): AbortSignal {
    this.#ending ??= new AbortController()
    if (this.#hasEnded) this.#ending.abort()
    return this.#ending.signal
  }

  locality(): Promise<LocalityVerdict> {
    const locality = this.#locality
    return isVerdict(locality)
      ? Promise.resolve(locality)
      : this.#host.judge.judge(locality, { upgrade: true })
  }

  /** One message of the client. Never throws; the answer goes out when there is one. */
  receive(data: unknown, isBinary: boolean | undefined): void {
    // Frames still arrive until the client answers the close: a removed device must not have them carried out.
    if (this.#isClosing) return
    const { limits, lease } = this.#host
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
        this.#host.config.logger.error('an answer could not be sent', {
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
    if (this.#isClosing || !this.#host.lease.isValid) return
    this.#seq += 1
    this.#deliver({ type: 'event', event, payload, seq: this.#seq })
  }

  /** A sign of life to the client, and a question for one; ends the connection when the last went unanswered. */
  tick(nowMs: number): void {
    if (this.#isClosing) return
    if (!this.#alive) {
      this.close(CLOSE.tickTimeout, 'tick timeout')
      return
    }
    this.#alive = false
    this.#socket.ping()
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
    this.#end()
    const end = (): void => {
      closeSocket(this.#socket, code, reason, this.#host.limits.closeMs)
    }
    // A device that removes itself still gets the answer to that.
    if (this.#inFlight > 0) setImmediate(end)
    else end()
  }

  #listen(): void {
    this.#socket.on('message', (data, isBinary) => {
      this.receive(data, isBinary)
    })
    this.#socket.on('pong', () => {
      this.#alive = true
    })
    this.#socket.on('close', () => {
      this.#end()
      this.#host.sessions.delete(this)
    })
  }

  /** Tells those who wait for it. */
  #end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    if (this.#expiry !== null) clearTimeout(this.#expiry)
    this.#ending?.abort()
  }

  /** Ends the connection with its authority. A timer takes no more than 24 days, so it may ring more than once. */
  #endAt(untilMs: number): void {
    const leftMs = untilMs - this.#host.config.clock.now()
    if (leftMs <= 0) {
      this.close(CLOSE.authorityChanged, 'approval has expired')
      return
    }
    this.#expiry = setTimeout(() => this.#endAt(untilMs), Math.min(leftMs, MAX_TIMER_MS))
    this.#expiry.unref()
  }

  async #answer(frame: RequestFrame): Promise<void> {
    const { methods, lattice, config } = this.#host
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
    try {
      const payload: unknown = await method.handler(this.#callOf(frame))
      this.#deliver({ type: 'res', id: frame.id, ok: true, payload })
    } catch (error) {
      if (isOurFault(error))
        config.logger.error(`method ${method.name} failed`, { deviceId: this.deviceId, error })
      this.#refuse(frame.id, errorShape(error))
    }
  }

  #callOf({ params }: RequestFrame): MethodCall {
    const { deviceId, role, scopes, connId, authority } = this
    const locality = isVerdict(this.#locality) ? this.#locality : null
    const signalOf = (): AbortSignal => this.signal
    return {
      params,
      deviceId,
      role,
      scopes,
      connId,
      locality,
      authority,
      get signal() {
        return signalOf()
      },
    }
  }

  #refuse(id: string, error: ErrorShape): void {
    this.#deliver({ type: 'res', id, ok: false, error })
  }

  /** A client that does not read is cut off rather than buffered for without end. */
  #deliver(frame: object): void {
    const socket = this.#socket
    if (socket.bufferedAmount > this.#host.limits.maxBufferedBytes) socket.terminate()
    else sendFrame(socket, frame)
  }
}

function isVerdict(locality: LocalityVerdict | JudgedRequest): locality is LocalityVerdict {
  return 'trace' in locality
}
