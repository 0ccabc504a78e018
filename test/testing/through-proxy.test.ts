import { createServer, type Server } from 'node:http'
import { afterEach, describe, expect, test } from '@jest/globals'
import express from 'express'
import request from 'supertest'
import superwstest from 'superwstest'
import { PROXY_NAMES, throughProxy, type ProxyName } from '../../lib/testing/index.ts'
import { readProxyRecords, type ProxyRecord } from '../../lib/testing/attack/read-corpus.ts'
import { proxyNamed } from '../../lib/testing/proxies/proxy-table.ts'
import type { HeaderField } from '../../lib/testing/request-head.ts'
import { runGateway, type RunningGateway } from '../gateway/running-gateway.ts'
import { rightApp } from './attacked-apps.ts'

const CONFIGS: Readonly<Record<ProxyName, string>> = {
  'nginx-bare': 'minimal: proxy_pass only',
  'nginx-debian': 'debian: include proxy_params',
  'nginx-websocket': 'nginx.org websocket page: 1.1 + Upgrade/Connection only',
  'nginx-host': 'ws + Host $http_host, no forwarded headers',
  'nginx-recommended': 'recommended: ws + Host + X-Real-IP + XFF(append) + XFP + XFH',
  'nginx-overwrite': 'overwrite: XFF=$remote_addr + Forwarded=',
  'nginx-stream': 'stream (TCP)',
  haproxy: 'minimal: mode http',
  'haproxy-forwardfor': 'option forwardfor + XFP + XFH',
  'haproxy-if-none': 'option forwardfor if-none',
  'haproxy-tcp': 'mode tcp',
  caddy: 'minimal: reverse_proxy',
  'caddy-tls': 'minimal with TLS',
  'caddy-trusted': 'trusted_proxies private_ranges + X-Real-IP',
  'caddy-stripped': 'header_up -X-Forwarded-* (stripped)',
  apache: 'minimal: ProxyPass',
  'apache-recommended': 'PreserveHost + XFP + wstunnel rewrite',
  'apache-websocket': 'PreserveHost + upgrade=websocket',
  'apache-silent': 'ProxyAddHeaders Off + PreserveHost + upgrade=websocket',
  socat: 'TCP relay',
  ssh: 'ssh -L 8222:127.0.0.1:3000 run on the remote host',
}
const records = readProxyRecords().filter(({ client }) => client.startsWith('remote'))

function fieldsOf({ rawHeaders }: ProxyRecord): HeaderField[] {
  return rawHeaders.flatMap((name, n): HeaderField[] =>
    n % 2 === 0 ? [[name, rawHeaders[n + 1] ?? '']] : [],
  )
}

/** What the client sent: as it came through socat, to the port of the other proxy and with its key. */
function sentTo(record: ProxyRecord): HeaderField[] {
  const plain = records.find(({ proxy, probe }) => proxy.startsWith('socat') && probe === record.probe)
  if (plain === undefined) throw new Error(record.probe)
  const theirs = new Map(fieldsOf(record).map(([name, value]) => [name.toLowerCase(), value]))
  const claimed = ['x-forwarded-host', 'host']
    .map((name) => theirs.get(name))
    .find((host) => host?.includes('10.77.0.1') === true)
  const port = /:(\d{4})/.exec(theirs.get('origin') ?? '')?.[1]
  const host =
    theirs.get('host')?.startsWith('127.') === true && !record.proxy.startsWith('openssh')
      ? (claimed ?? `10.77.0.1:${port ?? '0'}`)
      : (theirs.get('host') ?? '')
  const authority = host.split(', ').at(-1) ?? host
  return fieldsOf(plain).map(([name, value]): HeaderField => {
    if (name === 'Host') return [name, authority]
    const lower = name.toLowerCase()
    return lower === 'origin' || lower === 'sec-websocket-key'
      ? [name, theirs.get(lower) ?? value]
      : [name, value]
  })
}

describe.each(PROXY_NAMES)('%s', (name) => {
  const measured = records.filter(({ config }) => config === CONFIGS[name])

  test.each(measured.map((record) => [record.probe, record] as const))(
    'writes what was measured: %s',
    (_probe, record) => {
      const head = { method: 'GET', target: '/', version: '1.1', fields: sentTo(record) }
      const passed = proxyNamed(name)({ head, client: '10.77.0.2', upstream: '127.0.0.1:3000' })
      expect([passed.version, passed.fields]).toEqual([record.httpVersion, fieldsOf(record)])
    },
  )

  test('was measured with six probes, and never makes a client of the app local', async () => {
    expect(measured).toHaveLength(6)
    for (const trustProxy of [[], ['loopback']]) {
      const app = rightApp(express, { trustProxy })
      await request(throughProxy(app, name)).get('/notes').expect(403)
      await request(throughProxy(app, name)).get('/notes').set('Host', 'localhost').expect(403)
      await request(throughProxy(app, name)).post('/notes').set('X-Forwarded-For', '127.0.0.1').expect(403)
    }
  })
})

describe('what arrives', () => {
  let running: RunningGateway | null = null
  const servers: Server[] = []
  afterEach(async () => {
    superwstest.closeAll()
    for (const server of servers.splice(0)) server.close()
    await running?.close()
    running = null
  })

  test('is the proxy’s peer, Host and headers, with the client’s body', async () => {
    const app = express()
    app.post('/echo', express.json(), (req, res) => {
      const { rawHeaders, httpVersion } = req
      res.json({ rawHeaders, httpVersion, body: req.body as unknown, peer: req.socket.remoteAddress })
    })
    const response = await request(
      throughProxy(app, 'nginx-debian', { client: '198.51.100.3', host: 'gw.example:8443' }),
    )
      .post('/echo')
      .send({ text: 'hello' })
    expect(response.body).toMatchObject({ httpVersion: '1.0', peer: '127.0.0.1', body: { text: 'hello' } })
    expect((response.body as { rawHeaders: string[] }).rawHeaders.slice(0, 10)).toEqual(
      ['Host', 'gw.example', 'X-Real-IP', '198.51.100.3', 'X-Forwarded-For', '198.51.100.3', 'X-Forwarded-Proto', 'http', 'Connection', 'close'], // prettier-ignore
    )
  })

  test('says who the client is where the proxy is trusted', async () => {
    const app = rightApp(express, { trustProxy: ['loopback'] })
    const response = await request(throughProxy(app, 'caddy', { client: '198.51.100.3' })).get('/whoami')
    expect(response.body).toMatchObject({ isLocal: false, clientAddress: '198.51.100.3' })
  })

  test('is a WebSocket where the proxy passes it on, and a plain request where it does not', async () => {
    running = await runGateway({}, createServer().listeners('request')[0] as never)
    const { server } = running
    const challenge = ({ event }: { event?: string }): boolean => event === 'connect.challenge'
    for (const name of ['nginx-recommended', 'haproxy', 'caddy', 'apache-websocket', 'ssh'] as const)
      await superwstest(throughProxy(server, name)).ws('/gateway').expectJson(challenge).close()
    const app = createServer((_request, response) => void response.writeHead(426).end())
    servers.push(app)
    await new Promise<void>((resolve) => void app.listen(0, '127.0.0.1', resolve))
    for (const name of ['nginx-bare', 'apache'] as const)
      await superwstest(throughProxy(app, name)).ws('/gateway').expectConnectionError(426)
  })

  test('has a name that was measured', () => {
    expect(() => throughProxy(express(), 'nginx-recomended' as never)).toThrow(
      'did you mean nginx-recommended?',
    )
    expect(() => throughProxy(express(), 'constructor' as never)).toThrow('known: nginx-bare')
    expect(() => throughProxy(express(), 'caddy', { client: 'example' })).toThrow('throughProxy: client')
    expect(() => throughProxy(express(), 'caddy', { clint: '::1' } as never)).toThrow('did you mean client?')
  })
})
