import { createServer } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { WebSocketServer } from 'ws'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { createGateway, memoryStore, type Gateway } from '../../lib/index.ts'
import { RawClient } from './raw-client.ts'
import { MALFORMED_FRAME, readToEnd, readUntil, tcp, upgradeText } from './raw-upgrade.ts'
import { listen, runGateway, stop, until, type RunningGateway } from './running-gateway.ts'
import { admittedAs } from './signed-connect.ts'

let running: RunningGateway
beforeEach(async () => {
  running = await runGateway()
})
afterEach(() => running.close())

async function answerTo(target: string, headers: Record<string, string> = {}): Promise<string> {
  const socket = await tcp(running.port)
  socket.write(upgradeText(target, headers))
  const text = await readUntil(socket, '\r\n\r\n')
  socket.destroy()
  return text
}

describe('the path', () => {
  test.each(['/gateway', '/gateway?token=x', '/gateway#x', 'http://localhost/gateway?x'])(
    '%s is served',
    async (target) => {
      expect(await answerTo(target)).toMatch(/^HTTP\/1\.1 101 /)
    },
  )

  test.each([
    '/',
    '/other',
    '/gateway/',
    '/Gateway',
    '/gateway/..',
    '/%67ateway',
    'http://localhost',
    '*',
    '//gateway',
  ])('%s is not there: 404 when nobody else listens for upgrades', async (target) => {
    const answer = await answerTo(target)
    expect(answer).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/)
    expect(answer).toContain('Content-Type: application/problem+json')
    expect(answer).toContain('Cache-Control: no-store')
  })

  test('another path is left to another listener', async () => {
    const other = new WebSocketServer({ noServer: true })
    running.server.on('upgrade', (request, socket, head) => {
      if (request.url !== '/other') return
      other.handleUpgrade(request, socket, head, (webSocket) => {
        webSocket.send('{"type":"event","event":"other"}')
      })
    })
    const client = new RawClient(`ws://127.0.0.1:${running.port}/other`)
    expect(await client.next()).toEqual({ type: 'event', event: 'other' })
    client.close()
    const { client: own } = await admittedAs(running.url, createDeviceIdentity())
    own.close()
  })

  test('a list of paths serves each of them', async () => {
    const server = createServer()
    const gateway = await createGateway({ store: memoryStore() })
    gateway.attach(server, { path: ['/a', '/b'] })
    const port = await listen(server)
    for (const path of ['/a', '/b']) {
      const client = new RawClient(`ws://127.0.0.1:${port}${path}`)
      await client.challenge()
      client.close()
    }
    await gateway.close()
    await stop(server)
  })
})

describe('two gateways on one server', () => {
  let second: Gateway
  beforeEach(async () => {
    second = await createGateway({ store: memoryStore() })
    second.attach(running.server, { path: '/second' })
  })
  afterEach(() => second.close())

  test('each serves its own path', async () => {
    for (const [path, id] of [
      ['/gateway', running.gateway.id],
      ['/second', second.id],
    ]) {
      const client = new RawClient(`ws://127.0.0.1:${running.port}${path ?? ''}`)
      expect((await client.next()).payload?.gatewayId).toBe(id)
      client.close()
    }
  })

  test('a path of neither is answered 404, once', async () => {
    const socket = await tcp(running.port)
    socket.write(upgradeText('/neither'))
    const text = await readToEnd(socket)
    expect(text.match(/HTTP\/1\.1 404/g)).toHaveLength(1)
  })

  test('when one closes, the other goes on', async () => {
    await running.gateway.close()
    expect(await answerTo('/second')).toMatch(/^HTTP\/1\.1 101 /)
    expect(await answerTo('/gateway')).toMatch(/^HTTP\/1\.1 404 /)
  })
})

describe('what is no WebSocket', () => {
  test.each<[string, Record<string, string>, RegExp]>([
    ['another upgrade', { Upgrade: 'h2c' }, /^HTTP\/1\.1 4\d\d /],
    ['another version', { 'Sec-WebSocket-Version': '99' }, /^HTTP\/1\.1 4\d\d /],
  ])('%s is refused', async (_what, headers, status) => {
    const socket = await tcp(running.port)
    const drop = new Set(Object.keys(headers))
    const lines = upgradeText('/gateway').split('\r\n')
    const kept = lines.filter((line) => !drop.has(line.split(':', 1)[0] ?? ''))
    const more = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
    socket.write([...kept.slice(0, -2), ...more, '', ''].join('\r\n'))
    expect(await readToEnd(socket)).toMatch(status)
  })

  test('a malformed frame closes that connection and no other', async () => {
    const { client } = await admittedAs(running.url, createDeviceIdentity())
    const socket = await tcp(running.port)
    socket.write(upgradeText('/gateway'))
    await readUntil(socket, 'connect.challenge')
    socket.write(MALFORMED_FRAME)
    await readToEnd(socket)
    expect(await client.request('health')).toMatchObject({ ok: true })
    client.close()
  })

  test('a WebSocket server that takes every path leaves the process alive and the path of the gateway dead', async () => {
    const greedy = new WebSocketServer({ noServer: true })
    running.server.prependListener('upgrade', (request, socket, head) => {
      greedy.handleUpgrade(request, socket, head, () => undefined)
    })
    const client = new RawClient(running.url)
    await client.closed
    expect(running.server.listening).toBe(true)
  })
})

test('after close the server is as it was before', async () => {
  const { server, gateway } = running
  await gateway.close()
  for (const event of ['upgrade', 'secureConnection']) expect(server.listenerCount(event)).toBe(0)
  await until(() => server.listenerCount('connection') === createServer().listenerCount('connection'))
})
