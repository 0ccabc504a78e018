import type { IncomingMessage } from 'node:http'
import { connectionFacts } from '../evidence/index.ts'
import { admissionProblem } from './admission.ts'
import type { GatewayCore } from './gateway-core.ts'
import { messageBytes, type GatewaySocket } from './gateway-socket.ts'
import { startHandshake } from './handshake.ts'

/** What express-ws hands to a route: `app.ws('/gateway', gateway.expressWs())`. */
export type ExpressWsHandler = (socket: GatewaySocket, request: IncomingMessage) => void

/** For `expressWs(app, server, { wsOptions: gateway.wsOptions })`. */
export type ExpressWsOptions = {
  readonly verifyClient: (
    info: { readonly req: IncomingMessage },
    answer: (isAllowed: boolean, status?: number, message?: string) => void,
  ) => void
  readonly perMessageDeflate: false
  readonly maxPayload: number
}

type EarlyFrames = { readonly frames: { data: unknown; isBinary: boolean | undefined }[]; stop(): void }

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

  const options: ExpressWsOptions = {
    perMessageDeflate: false,
    maxPayload: core.limits.maxPayloadBytes,
    verifyClient(info, answer) {
      connectionFacts(info.req.socket)
      const problem = admissionProblem(core, info.req)
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
      if (!started.has(socket))
        early.set(socket, collect(socket, core.limits.handshakeFrames, core.limits.handshakePayloadBytes))
    },
  }

  return {
    options,
    handler(socket, request) {
      started.add(socket)
      const waiting = early.get(socket)
      waiting?.stop()
      startHandshake(core, socket, request, core.limits.handshakeMs, waiting?.frames ?? [])
    },
  }
}

/** Keeps the frames that arrive while the app's middleware runs: their route may listen too late. */
function collect(socket: GatewaySocket, maxFrames: number, maxBytes: number): EarlyFrames {
  const frames: EarlyFrames['frames'] = []
  let bytes = 0
  const keep = (data: unknown, isBinary?: boolean): void => {
    frames.push({ data, isBinary })
    bytes += messageBytes(data)
    // The one that goes beyond is kept: it makes the handshake refuse.
    if (frames.length > maxFrames || bytes > maxBytes) stop()
  }
  const stop = (): void => {
    socket.off('message', keep)
  }
  socket.on('message', keep)
  return { frames, stop }
}
