import { createServer } from 'node:http'
import { afterEach, describe, expect, test } from '@jest/globals'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { createGateway, memoryStore } from '../../lib/index.ts'
import { RawClient } from './raw-client.ts'
import { readToEnd, readUntil, tcp, upgradeText } from './raw-upgrade.ts'
import { listen, runGateway, stop, until, type RunningGateway } from './running-gateway.ts'
import { admittedAs, connectAs } from './signed-connect.ts'

let running: RunningGateway | null = null
afterEach(async () => {
  await running?.close()
  running = null
})

const connections = (server: RunningGateway['server']): Promise<number> =>
  new Promise((resolve) => {
    server.getConnections((_error, count) => {
      resolve(count)
    })
  })

/** A look-up that never answers. */
const silentLookup = {
  name: 'silent',
  lookup: () => new Promise<never>(() => undefined),
  close: () => Promise.resolve(),
}

describe('one deadline from the TCP connection to hello-ok', () => {
  test('ends a client that says nothing', async () => {
    running = await runGateway({ limits: { handshakeMs: 100 } })
    const client = new RawClient(running.url)
    await client.challenge()
    expect(await client.closed).toEqual({ code: 1008, reason: 'handshake timeout' })
  })

  test('counts the time before the upgrade', async () => {
    running = await runGateway({ limits: { handshakeMs: 1500 } })
    const socket = await tcp(running.port)
    await new Promise((resolve) => setTimeout(resolve, 1200))
    const upgradedAt = performance.now()
    socket.write(upgradeText('/gateway'))
    await readUntil(socket, 'handshake timeout')
    expect(performance.now() - upgradedAt).toBeLessThan(1200)
  })

  test('starts with the asking when the connection has served a request before', async () => {
    running = await runGateway({ limits: { handshakeMs: 600 } }, (_request, response) => response.end('ok'))
    const socket = await tcp(running.port)
    await new Promise((resolve) => setTimeout(resolve, 700))
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await readUntil(socket, 'ok')
    const upgradedAt = performance.now()
    socket.write(upgradeText('/gateway'))
    await readUntil(socket, 'handshake timeout')
    expect(performance.now() - upgradedAt).toBeGreaterThan(500)
  })

  test('is not moved by a first frame: a decision that does not come ends like silence', async () => {
    running = await runGateway({ limits: { handshakeMs: 300 }, peerLookup: silentLookup })
    await expect(connectAs(running.url, createDeviceIdentity())).rejects.toThrow(
      'closed: 1008 handshake timeout',
    )
  })

  test('does not end a connection that was admitted', async () => {
    running = await runGateway({ limits: { handshakeMs: 300 } })
    const { client } = await admittedAs(running.url, createDeviceIdentity())
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(await client.request('health')).toMatchObject({ ok: true })
    client.close()
  })
})

describe('a client that does not answer the close', () => {
  test('is cut off after the close timeout', async () => {
    running = await runGateway({ limits: { handshakeMs: 100, closeMs: 100 } })
    const socket = await tcp(running.port)
    socket.write(upgradeText('/gateway'))
    await readToEnd(socket)
    const { server } = running
    await until(async () => (await connections(server)) === 0)
  })

  test('nor the 403: it is cut off as well', async () => {
    running = await runGateway()
    const socket = await tcp(running.port)
    socket.setKeepAlive(true)
    socket.write(upgradeText('/gateway', { Origin: 'https://evil.example' }))
    await readToEnd(socket)
    const { server } = running
    await until(async () => (await connections(server)) === 0)
  })
})

/** Each has a second to answer the challenge in. */
function silenceCounts(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1100))
}

describe('stalled sockets', () => {
  test('the oldest of a prefix gives way, and the newcomer gets in', async () => {
    running = await runGateway({ limits: { unauthenticatedPerPrefix: 4 } })
    const stalled: RawClient[] = []
    for (let i = 0; i < 4; i += 1) {
      const client = new RawClient(running.url)
      await client.challenge()
      stalled.push(client)
    }
    await silenceCounts()
    const { client } = await admittedAs(running.url, createDeviceIdentity())
    expect((await stalled[0]?.closed)?.code).toBe(1013)
    for (const other of stalled.slice(1)) expect(other.socket.readyState).toBe(other.socket.OPEN)
    for (const other of [client, ...stalled]) other.close()
  })

  test('by default that is at the 33rd', async () => {
    running = await runGateway()
    const stalled: RawClient[] = []
    for (let i = 0; i < 33; i += 1) {
      if (i === 32) await silenceCounts()
      const client = new RawClient(running.url)
      await client.challenge()
      stalled.push(client)
    }
    expect((await stalled[0]?.closed)?.code).toBe(1013)
    expect(stalled.slice(1).every(({ socket }) => socket.readyState === socket.OPEN)).toBe(true)
    for (const client of stalled) client.close()
  })

  test('a tool that opens a hundred connections at once ends none of its own', async () => {
    running = await runGateway()
    const { url } = running
    const identity = createDeviceIdentity()
    const opened = await Promise.all(Array.from({ length: 100 }, () => admittedAs(url, identity)))
    expect(opened.every(({ client }) => client.socket.readyState === client.socket.OPEN)).toBe(true)
    for (const { client } of opened) client.close()
  })

  test('the cap over all prefixes holds too; those who were admitted do not count', async () => {
    running = await runGateway({
      limits: { unauthenticated: 2 },
      locality: { trustProxy: 'loopback' },
    })
    const { client: admitted } = await admittedAs(running.url, createDeviceIdentity())
    const stalled: RawClient[] = []
    for (let i = 1; i <= 3; i += 1) {
      const client = new RawClient(running.url, { 'X-Forwarded-For': `203.0.113.${i}` })
      await client.challenge()
      stalled.push(client)
    }
    expect((await stalled[0]?.closed)?.code).toBe(1013)
    expect(await admitted.request('health')).toMatchObject({ ok: true })
    for (const client of [admitted, ...stalled]) client.close()
  })

  test('of every kind are gone after the deadline, and an honest client gets in meanwhile', async () => {
    const gateway = await createGateway({
      store: memoryStore(),
      limits: { handshakeMs: 1500, closeMs: 100 },
      peerLookup: { ...silentLookup, lookup: () => Promise.resolve({ status: 'same-user' }) },
    })
    // Node itself ends what never becomes a request; the gateway takes over with the upgrade.
    const server = createServer({ headersTimeout: 1000, connectionsCheckingInterval: 200 })
    gateway.attach(server, { path: '/gateway' })
    const port = await listen(server)
    const sockets = await Promise.all(Array.from({ length: 60 }, () => tcp(port)))
    for (const [i, socket] of sockets.entries()) {
      if (i % 3 === 1) socket.write(upgradeText('/gateway').slice(0, 40))
      if (i % 3 === 2) socket.write(upgradeText('/gateway'))
    }
    const url = `ws://127.0.0.1:${port}/gateway`
    const { client } = await admittedAs(url, createDeviceIdentity())
    client.close()
    await until(async () => (await connections(server)) === 0)
    await gateway.close()
    await stop(server)
  })
})

test('a client that answers no ping is closed with 4000', async () => {
  running = await runGateway({ limits: { tickMs: 100 } })
  const { client } = await admittedAs(running.url, createDeviceIdentity())
  const tick = await client.event('tick')
  expect(tick).toMatchObject({ seq: 1, payload: { ts: expect.any(Number) as unknown } })
  client.socket.pong = () => undefined
  Object.assign(client.socket, { _autoPong: false })
  expect(await client.closed).toEqual({ code: 4000, reason: 'tick timeout' })
})
