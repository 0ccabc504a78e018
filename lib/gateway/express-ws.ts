import type { IncomingMessage } from 'node:http'
import { connectionFacts } from '../evidence/index.ts'
import { CLOSE } from '../protocol/index.ts'
import { pageProblem } from './admission.ts'
import type { GatewayCore } from './gateway-core.ts'
import { closeSocket, messageBytes, type GatewaySocket } from './gateway-socket.ts'
import { startHandshake } from './handshake.ts'
import type { GatewayLimits } from './limits.ts'

/** What express-ws hands to a route: `app.ws('/gateway', gateway.expressWs())`. */
export type ExpressWsHandler = (socket: GatewaySocket, request: IncomingMessage) => void

/** For `expressWs(app, server, { wsOptions: gateway.wsOptions })`. */
export type ExpressWsOptions = {
  /** Refuses what must be refused before the 101. */
  readonly verifyClient: (
    info: { readonly req: IncomingMessage },
    answer: (isAllowed: boolean, status?: number, message?: string) => void,
  ) => void
  /** No compression: it costs memory that strangers would decide on. */
  readonly perMessageDeflate: false
  /** The most that one frame may have, in bytes. */
  readonly maxPayload: number
}

type EarlyFrames = {
  readonly frames: { data: unknown; isBinary: boolean | undefined }[]
  readonly sinceMs: number
  stop(): void
}

/**
 * express-ws answers 101 before any middleware runs, so what must be refused before that is refused in
 * `verifyClient`; it counts for every WebSocket route of the app.
 */
export function expressWsAdapter(core: GatewayCore): {
  readonly options: ExpressWsOptions
  readonly handler: ExpressWsHandler
} {
  const early = new WeakMap<GatewaySocket, EarlyFrames>()
  const started = new WeakSet<GatewaySocket>()
  const judged = new WeakSet<IncomingMessage>()

  const options: ExpressWsOptions = {
    perMessageDeflate: false,
    maxPayload: core.limits.maxPayloadBytes,
    verifyClient(info, answer) {
      connectionFacts(info.req.socket)
      judged.add(info.req)
      const problem = pageProblem(core, info.req)
      if (problem !== null) {
        answer(false, problem.status, problem.detail)
        return
      }
      answer(true)
      // The 101 has gone out and express-ws has put its socket on the request; the app's middleware may still
      // be at work. One malformed frame without an `error` listener would end the process.
      const socket = (info.req as { readonly ws?: GatewaySocket }).ws
      if (socket === undefined) return
      socket.on('error', () => undefined)
      if (!started.has(socket)) early.set(socket, collect(socket, core.limits))
    },
  }

  /** Without `wsOptions` the 101 has gone out unjudged; the page is refused all the same, if late. */
  function isRefused(socket: GatewaySocket, request: IncomingMessage): boolean {
    core.config.logger.warn('expressWs: pass { wsOptions: gateway.wsOptions } to express-ws: pages of other origins are refused too late without it') // prettier-ignore
    if (pageProblem(core, request) === null) return false
    socket.on('error', () => undefined)
    closeSocket(socket, CLOSE.policy, 'pages of this origin may not connect', core.limits.closeMs)
    return true
  }

  return {
    options,
    handler(socket, request) {
      started.add(socket)
      if (!judged.has(request) && isRefused(socket, request)) return
      const waiting = early.get(socket)
      waiting?.stop()
      const spentMs = waiting === undefined ? 0 : performance.now() - waiting.sinceMs
      const remainingMs = Math.max(1, core.limits.handshakeMs - spentMs)
      startHandshake(core, socket, request, remainingMs, waiting?.frames ?? [])
    },
  }
}

/** Keeps the frames that arrive while the app's middleware runs: their route may listen too late. */
function collect(socket: GatewaySocket, limits: GatewayLimits): EarlyFrames {
  const frames: EarlyFrames['frames'] = []
  const keep = (data: unknown, isBinary?: boolean): void => {
    frames.push({ data, isBinary })
    // The one that goes beyond is kept: it makes the handshake refuse. The first does not wait for another.
    if (frames.length > limits.handshakeFrames + 1 || messageBytes(data) > limits.handshakePayloadBytes)
      stop()
  }
  const stop = (): void => {
    socket.off('message', keep)
  }
  socket.on('message', keep)
  return { frames, sinceMs: performance.now(), stop }
}
