import { fstatSync } from 'node:fs'
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { RequestFacts } from '../locality/index.ts'
import { ingressOf, type IngressMark } from './ingress.ts'
import type { Connection } from './peer-lookup.ts'
import { simulatedConnection } from './simulated-connection.ts'

/** What is known of a connection from its socket. Taken once, early: Node forgets addresses after close. */
export type ConnectionFacts = {
  readonly transport: 'tcp' | 'unix'
  readonly remoteAddress: string | null
  readonly localAddress: string | null
  /** What the kernel can be asked about; `null` when it cannot be. */
  readonly connection: Connection | null
}

/** What a request is judged by: that of node:http is one. */
export type JudgedRequest = Pick<IncomingMessage, 'socket' | 'httpVersion' | 'rawHeaders'> & {
  readonly url?: string | undefined
}

/** The handle below a socket, as far as it is looked at. */
type Handle = { readonly fd?: unknown; readonly constructor?: { readonly name?: string } }

type Writable<T> = { -readonly [K in keyof T]: T[K] }

const remembered = new WeakMap<Socket, ConnectionFacts>()

/** Call it when the connection is made; later calls return what was seen first. */
export function connectionFacts(socket: Socket): ConnectionFacts {
  let facts = remembered.get(socket)
  if (facts === undefined) {
    facts = readSocket(socket)
    remembered.set(socket, facts)
  }
  return facts
}

function readSocket(socket: Socket): ConnectionFacts {
  const simulated = simulatedConnection(socket)
  if (simulated !== undefined) {
    const { transport, remoteAddress } = simulated
    return { transport, remoteAddress, localAddress: socket.localAddress ?? null, connection: null }
  }
  const { remoteAddress, remotePort, localAddress, localPort } = socket
  const handle = (socket as unknown as { readonly _handle?: Handle | null })._handle ?? null
  // A TCP client that resets at once has no address either: only the handle tells it from a Unix socket.
  const transport = handle?.constructor?.name === 'Pipe' ? 'unix' : 'tcp'
  const complete =
    transport === 'tcp' &&
    remoteAddress !== undefined &&
    remotePort !== undefined &&
    localAddress !== undefined &&
    localPort !== undefined
  return {
    transport,
    remoteAddress: remoteAddress ?? null,
    localAddress: localAddress ?? null,
    connection: complete
      ? { remoteAddress, remotePort, localAddress, localPort, inode: inodeOf(handle) }
      : null,
  }
}

function inodeOf(handle: Handle | null): number | null {
  const fd = handle?.fd
  if (typeof fd !== 'number' || fd < 0) return null
  try {
    return fstatSync(fd).ino
  } catch {
    return null
  }
}

/** Nothing will be asked about this connection any more. What is asked all the same is read from its socket again. */
export function forgetConnection(socket: Socket): void {
  remembered.delete(socket)
}

/**
 * What stands for the connection of a request, for remembering. Over HTTP/2 each stream has a socket object of its
 * own, and the session is what they share.
 */
export function connectionKey(request: JudgedRequest): object {
  const { stream } = request as { readonly stream?: { readonly session?: object } }
  return stream?.session ?? request.socket
}

/** The facts of one request, without what the kernel says. `upgrade`: it asks for a WebSocket. */
export function requestFacts(request: JudgedRequest, upgrade: boolean): RequestFacts {
  const { transport, remoteAddress, localAddress } = connectionFacts(request.socket)
  const { ingress, headerLimit } = listenerFacts(request.socket)
  const facts: Writable<RequestFacts> = {
    transport: ingress === 'private' ? 'private' : transport,
    remoteAddress,
    localAddress,
    httpVersion: request.httpVersion,
    url: sentUrl(request),
    rawHeaders: request.rawHeaders,
    upgrade,
  }
  if (headerLimit !== undefined) facts.headerLimit = headerLimit
  if (ingress === 'public' || ingress === 'local') facts.listener = ingress
  return facts
}

/** What the server that accepted a connection adds; it can be given another standing at any time. */
export type ListenerFacts = {
  readonly ingress: IngressMark | 'private' | undefined
  readonly headerLimit: number | undefined
}

export function listenerFacts(socket: Socket): ListenerFacts {
  const server = serverOf(socket)
  return { ingress: ingressOf(server), headerLimit: headerLimitOf(server) }
}

/** Express rewrites `url` below a mount point and keeps the one that was sent. */
export function sentUrl(request: JudgedRequest): string {
  return (request as { readonly originalUrl?: string }).originalUrl ?? request.url ?? ''
}

/** The server that accepted it; Node keeps it on the socket. */
function serverOf(socket: Socket): Server | undefined {
  return (socket as unknown as { readonly server?: Server }).server
}

/** `server.maxHeadersCount`: `null` is Node's default, 0 is no limit. */
function headerLimitOf(server: Server | undefined): number | undefined {
  const limit = server?.maxHeadersCount
  if (typeof limit !== 'number') return undefined
  return limit === 0 ? Number.POSITIVE_INFINITY : limit
}
