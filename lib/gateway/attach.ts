import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { LatchkeyError } from '../errors.ts'
import { connectionFacts } from '../evidence/index.ts'
import { admissionProblem, refuseUpgrade } from './admission.ts'
import type { GatewayCore } from './gateway-core.ts'
import { startHandshake } from './handshake.ts'

/** A server that emits `upgrade`: that of node:http or node:https. */
export type UpgradeServer = Pick<Server, 'on' | 'off' | 'listenerCount' | 'address'>

/** Where on the server the gateway is. */
export type AttachOptions = {
  /** The path, or paths, of the WebSocket, without a query: `/gateway`. */
  path: string | readonly string[]
}

/** The paths of all gateways on a server: each leaves to the others what is not its own. */
const attached = new WeakMap<UpgradeServer, Set<ReadonlySet<string>>>()

/**
 * Takes upgrades on the given paths and decides before the 101. Upgrades of other paths are left to other
 * listeners, or answered 404 when there are none: Node would leave them hanging.
 *
 * @returns a function that detaches
 */
export function attachGateway(core: GatewayCore, server: UpgradeServer, options: AttachOptions): () => void {
  const paths = parsePaths(options)
  const { limits } = core
  const ours = attached.get(server) ?? new Set()
  attached.set(server, ours)
  const taken = [...ours].flatMap((others) => [...others]).find((path) => paths.has(path))
  if (taken !== undefined)
    throw new LatchkeyError('OPTION_INVALID', `attach: path: ${taken} is attached to this server already`)
  const webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.handshakePayloadBytes,
    maxFragments: 64,
  })
  const acceptedAt = new WeakMap<Duplex, number>()

  const onConnection = (socket: Socket): void => {
    acceptedAt.set(socket, performance.now())
    connectionFacts(socket)
  }
  // A connection that served a request before it asked for a WebSocket starts its deadline with the asking.
  const onRequest = (request: IncomingMessage): void => {
    acceptedAt.delete(request.socket)
  }
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (!paths.has(pathOf(request))) {
      const [first] = ours
      const isOfOurs = [...ours].some((others) => others.has(pathOf(request)))
      // The first of ours answers for all, when nobody else listens.
      if (first === paths && !isOfOurs && server.listenerCount('upgrade') === ours.size) {
        guard(socket)
        refuseUpgrade(socket, {
          status: 404,
          title: 'Not Found',
          detail: 'There is no WebSocket at this path.',
        })
      }
      return
    }
    guard(socket)
    const problem = admissionProblem(core, request)
    if (problem !== null) {
      refuseUpgrade(socket, problem)
      return
    }
    const spent = performance.now() - (acceptedAt.get(socket) ?? performance.now())
    acceptedAt.delete(socket)
    // The 101 and the challenge go out together.
    socket.cork()
    try {
      webSockets.handleUpgrade(request, socket, head, (webSocket) => {
        startHandshake(core, webSocket, request, Math.max(1, limits.handshakeMs - spent))
      })
    } catch (error) {
      // Another WebSocket server has answered this upgrade as well.
      core.config.logger.error('an upgrade failed; does another WebSocket server take this path?', { error })
      socket.destroy()
    } finally {
      socket.uncork()
    }
  }

  ours.add(paths)
  core.servers.add(server)
  server.on('connection', onConnection)
  // With TLS this one carries the socket that the request will come with.
  server.on('secureConnection', onConnection)
  server.on('request', onRequest)
  server.on('upgrade', onUpgrade)
  return () => {
    ours.delete(paths)
    core.servers.delete(server)
    server.off('connection', onConnection)
    server.off('secureConnection', onConnection)
    server.off('request', onRequest)
    server.off('upgrade', onUpgrade)
  }
}

/** A reset between the upgrade and the WebSocket is an `error` that nobody else listens for. */
function guard(socket: Duplex): void {
  socket.on('error', destroyThis)
}

function destroyThis(this: Duplex): void {
  this.destroy()
}

function parsePaths(options: AttachOptions): ReadonlySet<string> {
  const given = (options as AttachOptions | undefined)?.path
  const list = typeof given === 'string' ? [given] : given
  if (
    !Array.isArray(list) ||
    list.length === 0 ||
    !list.every((path) => typeof path === 'string' && /^\/[^?#]*$/.test(path))
  ) {
    throw new LatchkeyError(
      'OPTION_INVALID',
      `attach: path: got ${JSON.stringify(given)}, expected a path such as "/gateway"`,
    )
  }
  return new Set(list as string[])
}

/** Of the target as it was sent, without query; an absolute form keeps its path alone. */
function pathOf(request: IncomingMessage): string {
  const target = (request.url ?? '').replace(/^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*/, '')
  const path = target.split(/[?#]/, 1)[0] ?? ''
  return path === '' ? '/' : path
}
