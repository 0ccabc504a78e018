import { isIP } from 'node:net'
import type { Server } from 'node:net'
import { LatchkeyError } from '../errors.ts'
import type { PeerEvidence } from '../locality/index.ts'
import { addFields } from './rewrite-head.ts'
import { simulatedServer, type AppUnderTest } from './simulated-server.ts'
import { routeOf, type Route } from './via.ts'

const UNKNOWN: PeerEvidence = { status: 'unproven', sign: 'a client that latchkey/testing made up' }

/**
 * The app, as a client with this address reaches it: for `request()` of supertest and superwstest, and for
 * everything else that takes a server. `req.socket.remoteAddress`, `req.ip` and Latchkey all see the address;
 * supertest itself always comes from loopback. Takes IPv4, IPv6 and mapped addresses as Node tells them, or what
 * `via()` gives for a client behind proxies.
 *
 * Nobody knows the process at the other end, so a loopback address is not local here: use `asLocal()`. For
 * WebSockets give the server that listens. Does *not* work for servers with TLS and for HTTP/2.
 *
 * What is made up is kept by the socket object, in this process: no request can bring it about, and an app that
 * does not import `latchkey/testing` cannot be told anything by it.
 *
 * @throws {LatchkeyError} OPTION_INVALID
 *
 * @example
 * await request(fromPeer(app, '203.0.113.7')).get('/notes').expect(403)
 */
export function fromPeer(app: AppUnderTest, peer: string | Route): Server {
  if (typeof peer === 'string') {
    const connection = { transport: 'tcp', remoteAddress: checkAddress('fromPeer', peer), peer: UNKNOWN } as const // prettier-ignore
    return simulatedServer(app, `peer ${peer}`, { connection })
  }
  const route = routeOf(peer)
  if (route === null)
    throw new LatchkeyError('OPTION_INVALID', 'fromPeer: expected an address, or what via() gives')
  const connection = { transport: 'tcp', remoteAddress: route.peer, peer: UNKNOWN } as const
  const rewrite = (head: string): string => addFields(head, route.fields)
  return simulatedServer(app, `via ${JSON.stringify(route)}`, { connection, rewrite })
}

/**
 * The app, as a client on this machine reaches it, whom the kernel names as a program of this user: what
 * Latchkey pairs silently. It is so on every platform and in every container, whatever the kernel would say of
 * the test itself. Headers still count: one that a proxy would send takes locality away.
 *
 * @throws {LatchkeyError} OPTION_INVALID
 *
 * @example
 * await request(asLocal(app)).get('/notes').expect(200)
 */
export function asLocal(app: AppUnderTest): Server {
  const peer: PeerEvidence = { status: 'same-user', process: 'latchkey/testing' }
  return simulatedServer(app, 'local', { connection: { transport: 'tcp', remoteAddress: '127.0.0.1', peer } })
}

/** @throws {LatchkeyError} OPTION_INVALID */
export function checkAddress(what: string, address: unknown): string {
  if (typeof address === 'string' && isIP(address) !== 0) return address
  throw new LatchkeyError(
    'OPTION_INVALID',
    `${what}: got ${JSON.stringify(address)}, expected an IP address such as "203.0.113.7", without a port`,
  )
}
