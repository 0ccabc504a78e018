import { createServer as createHttpServer, type RequestListener, type Server as HttpServer } from 'node:http'
import { createServer, Server, type AddressInfo, type Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import { LatchkeyError } from '../errors.ts'
import { simulateConnection, type SimulatedConnection } from '../evidence/simulated-connection.ts'
import { readHead } from './read-head.ts'

/** What is tested: an Express app, any other request listener, or the server that it runs on. */
export type AppUnderTest = RequestListener | HttpServer

/** How a connection is made to look. */
export type Simulation = {
  readonly connection: SimulatedConnection
  /** Gets the head of the request, gives what the app shall read in its place. Then a connection has one request. */
  readonly rewrite?: (head: string) => string
}

const HOST = '127.0.0.1'
const opened = new WeakMap<Server, Map<string, Server>>()

/**
 * A server whose connections reach the app as the simulation says. For a server that listens, it listens too when
 * this returns, keeps no process alive, and ends with it; there is one for each `name`. For an app, or a server
 * that does not listen yet, whoever uses it opens and closes it, as supertest does.
 *
 * @throws {LatchkeyError} OPTION_INVALID
 */
export function simulatedServer(app: AppUnderTest, name: string, simulation: Simulation): Server {
  const target = serverOf(app)
  if (!target.listening) return frontOf(target, () => simulation)
  const ofTarget = opened.get(target) ?? new Map<string, Server>()
  opened.set(target, ofTarget)
  const known = ofTarget.get(name)
  if (known !== undefined) return known
  const front = frontOf(target, () => simulation)
  listenAtOnce(front)
  ofTarget.set(name, front)
  target.once('close', () => {
    ofTarget.delete(name)
    front.close()
  })
  return front
}

/** The server that answers for an app: itself, or a new one. */
export function serverOf(app: AppUnderTest): HttpServer {
  if (app instanceof TlsServer)
    throw invalid('got a server with TLS, expected the app, or a server of node:http that serves it')
  if (typeof app === 'function') return createHttpServer(app)
  // One of another copy of the module, as test runners make them, is as good.
  if (typeof (app as HttpServer | null)?.address === 'function' && typeof app.emit === 'function') return app
  throw invalid('expected an Express app, or the server of node:http that serves it')
}

/** `simulationOf` is asked once per connection, `null` refuses it. */
export function frontOf(target: HttpServer, simulationOf: (socket: Socket) => Simulation | null): Server {
  const sockets = new Set<Socket>()
  const busy = new Set<unknown>()
  const front = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy())
    const simulation = isFromHere(socket) ? simulationOf(socket) : null
    if (simulation === null) {
      socket.destroy()
      return
    }
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    inject(target, socket, simulation)
  })
  target.prependListener('request', (request, response) => {
    busy.add(request.socket)
    response.once('close', () => busy.delete(request.socket))
  })
  const close = front.close.bind(front)
  // As a server of node:http does it: connections that are kept for a next request do not hold it up.
  front.close = (callback) => {
    for (const socket of sockets) if (!busy.has(socket)) socket.destroy()
    return close(callback)
  }
  return front
}

/** Hands a connection to the app's server, which is what Node documents the event for. */
function inject(target: HttpServer, socket: Socket, { connection, rewrite }: Simulation): void {
  simulateConnection(socket, connection)
  if (rewrite === undefined) {
    target.emit('connection', socket)
    return
  }
  readHead(socket, (head, rest) => {
    socket.unshift(Buffer.concat([Buffer.from(rewrite(head), 'latin1'), rest]))
    target.emit('connection', socket)
    // The pause of `readHead` outlasts the parser's listener.
    socket.resume()
  })
}

/**
 * Only without a host does Node listen before `listen` returns, which superwstest needs. Then every interface is
 * open: strangers are turned away by `isFromHere`, and the address that is told is that of loopback.
 */
function listenAtOnce(front: Server): void {
  front.listen(0)
  front.unref()
  const address = front.address.bind(front)
  front.address = () => {
    const real = address() as AddressInfo | null
    return real === null ? null : { address: HOST, family: 'IPv4', port: real.port }
  }
}

function isFromHere({ remoteAddress }: Socket): boolean {
  return remoteAddress !== undefined && /^(?:::ffff:)?127\.|^::1$/.test(remoteAddress)
}

function invalid(message: string): LatchkeyError {
  return new LatchkeyError('OPTION_INVALID', message)
}
