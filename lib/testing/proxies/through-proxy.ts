import type { AddressInfo, Server } from 'node:net'
import { rejectUnknownKeys } from '../../errors.ts'
import type { PeerEvidence } from '../../locality/index.ts'
import { checkAddress } from '../peers.ts'
import { formatHead, parseHead, type HeaderField, type RequestHead } from '../request-head.ts'
import { onceOnly } from '../rewrite-head.ts'
import { simulatedServer, type AppUnderTest } from '../simulated-server.ts'
import { processOf, proxyNamed, type ProxyName } from './proxy-table.ts'

/** Who asks the proxy, and for what. */
export type ThroughProxyOptions = {
  /** Where the client truly is, as the proxy saw it. Default `203.0.113.7`. */
  client?: string
  /** The public name that the client asked the proxy for. A Host that the test sets goes before. Default `app.example`. */
  host?: string
}

/**
 * The app, as a client elsewhere reaches it through a real proxy on this machine: the peer, the version, the Host
 * and the header list are those that were recorded behind nginx, HAProxy, Caddy, Apache and TCP forwarders, each
 * with what the client itself sends in its place. For supertest, superwstest and everything else that takes a
 * server; headers that the test sets are those of the client, forged ones too.
 *
 * The one thing that differs: each connection carries one request, and says so with `Connection: close`. Does
 * *not* tell how a newer version or your own configuration behaves: `latchkey doctor` asks the real one.
 *
 * @throws {LatchkeyError} OPTION_UNKNOWN with the name that was meant, OPTION_INVALID
 *
 * @example
 * await request(throughProxy(app, 'nginx-bare')).get('/notes').expect(403)
 * await request(throughProxy(app, 'caddy')).get('/notes').set('X-Forwarded-For', '127.0.0.1').expect(403)
 */
export function throughProxy(app: AppUnderTest, name: ProxyName, options: ThroughProxyOptions = {}): Server {
  const passOn = proxyNamed(name)
  rejectUnknownKeys('throughProxy', options, ['client', 'host'])
  const { client = '203.0.113.7', host = 'app.example' } = options
  checkAddress('throughProxy: client', client)
  const process = processOf(name)
  const peer: PeerEvidence = { status: 'relay', process, sign: 'program' }
  const upstream = upstreamOf(app)
  const rewrite = (text: string): string => {
    const head = parseHead(text)
    if (head === null) return `${text}\r\n\r\n`
    return formatHead(onceOnly(passOn({ head: askedFor(head, host), client, upstream })))
  }
  const simulation = { connection: { transport: 'tcp', remoteAddress: '127.0.0.1', peer }, rewrite } as const
  return simulatedServer(app, `proxy ${name} ${client} ${host}`, simulation)
}

/** Test clients ask for the port that they connect to; the proxy's client asked for its public name. */
function askedFor(head: RequestHead, host: string): RequestHead {
  const fields = head.fields.map(([name, value]): HeaderField =>
    name.toLowerCase() === 'host' && /^127\.0\.0\.1:\d+$/.test(value) ? [name, host] : [name, value],
  )
  return { ...head, fields }
}

function upstreamOf(app: AppUnderTest): string {
  const address = typeof app === 'function' ? null : (app.address() as AddressInfo | null)
  return `127.0.0.1:${address?.port ?? 3000}`
}
