import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { CLOSE, type Challenge, type ErrorShape, type HelloOk } from '../protocol/index.ts'
import { keptRequest } from '../evidence/index.ts'
import { authorizeConnect } from './authorize-connect.ts'
import type { ConnectAnswer, ConnectingClient } from './decide-connect.ts'
import { errorShape, isOurFault, NOT_IN_STEP } from './error-shape.ts'
import type { GatewayCore } from './gateway-core.ts'
import {
  closeSocket,
  isOpen,
  messageBytes,
  readMessage,
  sendFrame,
  setPayloadLimit,
  type GatewaySocket,
} from './gateway-socket.ts'
import { limitBadProof } from './limit-bad-proof.ts'
import type { LocalSecretExchange } from './local-secret.ts'
import { readConnect, type ReadConnect } from './read-connect.ts'
import { helloOk } from './self-description.ts'
import { Session } from './session.ts'
import type { Waiting } from './unauthenticated-sockets.ts'
import { verificationExchange, type VerificationExchange } from './verification.ts'

type Admitted = Extract<ConnectAnswer, { kind: 'admit' }>
type Message = { readonly data: unknown; readonly isBinary: boolean | undefined }

/**
 * Takes a WebSocket from the challenge to hello-ok, or to its close. One deadline covers it all and no frame
 * moves it. Synchronous up to the listeners, so that no early frame is lost.
 *
 * @param remainingMs until the deadline
 * @param early frames that arrived before anybody listened
 */
export function startHandshake(
  core: GatewayCore,
  socket: GatewaySocket,
  request: IncomingMessage,
  remainingMs: number,
  early: readonly Message[] = [],
): void {
  // A malformed frame of a stranger is an `error` event; without a listener it would end the process.
  socket.on('error', ignoreError)
  // Gone while the app's middleware ran: its `close` event will not come again.
  if (!isOpen(socket)) return
  if (core.isClosing) closeSocket(socket, CLOSE.restart, 'the gateway is closing', core.limits.closeMs)
  else new Handshake(core, socket, request, remainingMs).start(early)
}

function ignoreError(): void {
  return undefined
}

class Handshake implements Waiting, ConnectingClient {
  readonly request: IncomingMessage
  readonly prefix: string
  readonly localSecret: LocalSecretExchange | null
  readonly verification: VerificationExchange
  readonly #core: GatewayCore
  readonly #socket: GatewaySocket
  readonly #nonce = randomUUID()
  readonly #connId = randomUUID()
  readonly #queue: Message[] = []
  readonly #deadline: NodeJS.Timeout
  #state: 'waiting' | 'deciding' | 'done' = 'waiting'

  constructor(core: GatewayCore, socket: GatewaySocket, request: IncomingMessage, remainingMs: number) {
    this.#core = core
    this.#socket = socket
    this.request = request
    this.prefix = core.prefixOf(request)
    this.localSecret = core.localSecret.exchange(request, core.gatewayId, this.#nonce)
    this.verification = verificationExchange(core.gatewayId)
    this.#deadline = setTimeout(() => {
      this.end(CLOSE.policy, 'handshake timeout')
    }, remainingMs)
    this.#deadline.unref()
  }

  start(early: readonly Message[]): void {
    const socket = this.#socket
    socket.on('close', this.#onClose)
    socket.on('message', this.#onMessage)
    setPayloadLimit(socket, this.#core.limits.handshakePayloadBytes)
    this.#core.unauthenticated.add(this)
    const challenge: Challenge = {
      nonce: this.#nonce,
      ts: Date.now(),
      gatewayId: this.#core.gatewayId,
      verification: this.verification.offer,
      ...(this.localSecret === null ? {} : { localSecret: this.localSecret.offer }),
    }
    sendFrame(socket, { type: 'event', event: 'connect.challenge', payload: challenge })
    for (const { data, isBinary } of early) this.#onMessage(data, isBinary)
  }

  readonly #onClose = (): void => {
    this.#leave()
  }

  readonly #onMessage = (data: unknown, isBinary?: boolean): void => {
    if (this.#state === 'done') return
    if (messageBytes(data) > this.#core.limits.handshakePayloadBytes) {
      this.end(CLOSE.tooBig, 'frame too large before hello-ok')
      return
    }
    if (this.#state === 'deciding') {
      this.#queue.push({ data, isBinary })
      if (this.#queue.length > this.#core.limits.handshakeFrames) {
        this.end(CLOSE.policy, 'too many frames during the handshake')
      }
      return
    }
    this.#state = 'deciding'
    this.#first(data, isBinary)
  }

  #first(data: unknown, isBinary: boolean | undefined): void {
    const frame = readMessage(data, isBinary)
    if (frame === null) {
      this.end(CLOSE.policy, 'the first frame must be JSON text: the request "connect"')
    } else if ('problem' in frame) {
      this.#refuse(frame.id, { code: 'INVALID_REQUEST', message: frame.problem }, CLOSE.policy)
    } else if (frame.method !== 'connect') {
      const message = 'invalid handshake: the first request must be connect'
      this.#refuse(frame.id, { code: 'INVALID_REQUEST', message }, CLOSE.policy)
    } else {
      this.#connect(frame.id, frame.params).catch((error: unknown) => this.#fail(frame.id, error))
    }
  }

  async #connect(id: string, params: unknown): Promise<void> {
    const { roles, minProtocol } = this.#core.config
    // The wall clock: a client on this machine signs with it, even after somebody has set it.
    const result = readConnect(params, { nonce: this.#nonce, roles, minProtocol, nowMs: Date.now() })
    if ('problem' in result) {
      const { problem } = result
      const limited = problem.isBadProof === true ? await limitBadProof(this.#core, this) : null
      if (limited === null) this.#refuse(id, problem.error, problem.closeCode)
      else this.#refuse(id, limited.error, limited.closeCode, limited.closeReason)
      return
    }
    const { connect } = result
    const answer = await authorizeConnect(this.#core, this, connect)
    if (answer.kind === 'admit') {
      if (!this.isOver()) this.#enter(id, connect, answer)
      if (answer.entry !== null) this.#core.sessions.abandon(answer.entry)
      return
    }
    if (this.isOver() || answer.kind === 'gone') return
    this.#refuse(id, answer.error, answer.closeCode, answer.closeReason)
  }

  /** Whatever was taken from the device while it was let in must count, wherever that was decided. */
  #enter(id: string, connect: ReadConnect, answer: Admitted): void {
    const { entry, atSeq } = answer
    const { lease, isClosing } = this.#core
    if (entry !== null && entry.revokedSeq > atSeq) this.end(CLOSE.authorityChanged, 'device removed')
    else if (isClosing) this.end(CLOSE.restart, 'the gateway is closing')
    else if (entry?.isVoid === true || !lease.isValid)
      this.#refuse(id, NOT_IN_STEP, CLOSE.tryLater, 'the gateway cannot decide now')
    else this.#admit(id, connect, answer)
  }

  #admit(id: string, connect: ReadConnect, answer: Admitted): void {
    const core = this.#core
    const socket = this.#socket
    const { authority, verdict, newToken, untilMs } = answer
    const session = new Session(core, {
      socket,
      connId: this.#connId,
      authority,
      untilMs,
      locality: verdict === null ? keptRequest(this.request) : core.verdicts.keep(verdict),
      atSeq: answer.atSeq,
    })
    this.#leave()
    // Nothing of the handshake stays with the session, which may last for months.
    socket.off('message', this.#onMessage)
    socket.off('close', this.#onClose)
    if (verdict !== null) core.judge.forget(this.request)
    setPayloadLimit(socket, core.limits.maxPayloadBytes)
    core.sessions.add(session)
    const payload: HelloOk = helloOk(core, connect.protocol, session, newToken)
    sendFrame(socket, { type: 'res', id, ok: true, payload })
    for (const { data, isBinary } of this.#queue) session.receive(data, isBinary)
  }

  #fail(id: string, error: unknown): void {
    if (isOurFault(error)) this.#core.config.logger.error('a connect could not be decided', { error })
    this.#refuse(id, errorShape(error), CLOSE.tryLater, 'the gateway cannot decide now')
  }

  #refuse(id: string | null, error: ErrorShape, closeCode: number, closeReason = error.message): void {
    if (id !== null && !this.isOver()) sendFrame(this.#socket, { type: 'res', id, ok: false, error })
    this.end(closeCode, closeReason)
  }

  get isDeciding(): boolean {
    return this.#state === 'deciding'
  }

  isOver(): boolean {
    return this.#state === 'done'
  }

  end(code: number, reason: string): void {
    if (this.isOver()) return
    this.#leave()
    closeSocket(this.#socket, code, reason, this.#core.limits.closeMs)
  }

  #leave(): void {
    this.#state = 'done'
    clearTimeout(this.#deadline)
    this.#core.unauthenticated.delete(this)
  }
}
