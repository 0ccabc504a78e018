import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import express from 'express'
import express4 from 'express4'
import request from 'supertest'
import superwstest from 'superwstest'
import { localClient, requireLocalClient } from '../../lib/index.ts'
import { asLocal, fromPeer, via } from '../../lib/testing/index.ts'
import { runGateway, stop, type RunningGateway } from '../gateway/running-gateway.ts'

type App = ReturnType<typeof express>

function guardedApp(make: typeof express, options = {}): App {
  const app = make()
  app.use(localClient(options))
  app.get('/notes', requireLocalClient(), (_req, res) => void res.json(['water the plants']))
  app.post('/echo', express.json(), (req, res) => void res.json({ body: req.body as unknown, from: req.ip }))
  app.get('/me', (req, res) => {
    const { remoteAddress, remoteFamily } = req.socket
    res.json({ ip: req.ip, remoteAddress, remoteFamily, ...req.clientLocality })
  })
  return app
}

const MAKERS = [
  ['Express 5', express],
  ['Express 4', express4],
] as const

describe.each(MAKERS)('%s under supertest', (_name, make) => {
  test.each(['203.0.113.7', '2001:db8::7', '::ffff:203.0.113.7'])('is reached from %s', async (address) => {
    const app = guardedApp(make)
    await request(fromPeer(app, address)).get('/notes').expect(403)
    const response = await request(fromPeer(app, address)).get('/me').expect(200)
    expect(response.body).toMatchObject({
      ip: address,
      remoteAddress: address,
      remoteFamily: address.includes(':') ? 'IPv6' : 'IPv4',
      clientAddress: address.replace('::ffff:', ''),
      reason: 'peer-not-loopback',
    })
  })

  test('is reached as by a local client, who loses that by a header', async () => {
    const app = guardedApp(make)
    await request(asLocal(app)).get('/notes').expect(200)
    await request(asLocal(app)).get('/notes').set('X-Forwarded-For', '203.0.113.7').expect(403)
    const response = await request(asLocal(app)).get('/me')
    expect(response.body).toMatchObject({
      isLocal: true,
      assurance: 'same-user',
      silent: true,
      ip: '127.0.0.1',
    })
  })

  test('a loopback address alone is nobody that is known', async () => {
    const response = await request(fromPeer(guardedApp(make), '127.0.0.1')).get('/me')
    expect(response.body).toMatchObject({ isLocal: false, reason: 'peer-unproven' })
  })

  test('bodies, parallel requests and agents work', async () => {
    const app = guardedApp(make)
    const peer = fromPeer(app, via('203.0.113.7', '192.0.2.2'))
    const post = (): Promise<{ body: unknown }> =>
      request(peer)
        .post('/echo')
        .send({ text: 'a'.repeat(70_000) })
    for (const { body } of await Promise.all([post(), post(), post()]))
      expect(body).toEqual({ body: { text: 'a'.repeat(70_000) }, from: '192.0.2.2' })
    const agent = request.agent(fromPeer(app, '203.0.113.7'))
    await agent.get('/notes').expect(403)
    await agent.get('/notes').expect(403)
  })
})

describe('via()', () => {
  test('gives what the hops have written, and the last one as the peer', async () => {
    const app = guardedApp(express, { trustProxy: ['10.0.0.0/8'] })
    app.set('trust proxy', '10.0.0.0/8')
    const response = await request(fromPeer(app, via('203.0.113.7', '10.1.1.1', '10.0.0.2'))).get('/me')
    expect(response.body).toMatchObject({
      remoteAddress: '10.0.0.2',
      ip: '203.0.113.7',
      clientAddress: '203.0.113.7',
    })
    expect({ ...via('2001:db8::1', '10.0.0.2', { header: 'forwarded', proto: 'https' }) }).toEqual({
      Forwarded: 'for="[2001:db8::1]";proto=https',
    })
  })

  test('goes into set() for a proxy on this machine', async () => {
    const route = via('203.0.113.7', '127.0.0.1')
    expect({ ...route }).toEqual({ 'X-Forwarded-For': '203.0.113.7', 'X-Forwarded-Proto': 'http' })
    await request(asLocal(guardedApp(express)))
      .get('/notes')
      .set(route)
      .expect(403)
  })

  test.each([
    ['no proxy', () => via('203.0.113.7')],
    ['a name', () => via('proxy.example', '10.0.0.2')],
    ['a port', () => via('203.0.113.7:80', '10.0.0.2')],
  ])('refuses %s', (_what, make) => {
    expect(make).toThrow(/expected (?:IP addresses|the client)/)
  })
  test('knows its options', () => {
    expect(() => via('203.0.113.7', '10.0.0.2', { heder: 'forwarded' } as never)).toThrow(
      'did you mean header?',
    )
  })
})

test('fromPeer() says what it wants', () => {
  expect(() => fromPeer(express(), '203.0.113.7:80')).toThrow('without a port')
  expect(() => fromPeer(express(), {})).toThrow('what via() gives')
  expect(() => fromPeer('http://127.0.0.1:80' as never, '203.0.113.7')).toThrow('expected an Express app')
})

describe('a server that listens', () => {
  let running: RunningGateway | null = null
  const servers: Server[] = []
  afterEach(async () => {
    superwstest.closeAll()
    for (const server of servers.splice(0)) await stop(server)
    await running?.close()
    running = null
  })

  test('superwstest: upgrades and requests come from there, before the 101 and after it', async () => {
    const app = guardedApp(express)
    running = await runGateway({}, app)
    const { server } = running
    await superwstest(fromPeer(server, '203.0.113.7')).get('/notes').expect(403)
    await superwstest(asLocal(server)).get('/notes').expect(200)
    await superwstest(fromPeer(server, '203.0.113.7'))
      .ws('/gateway')
      .expectJson((frame: { event?: string }) => frame.event === 'connect.challenge')
      .close()
    await superwstest(fromPeer(server, '203.0.113.7'))
      .ws('/gateway')
      .set('Origin', 'https://evil.example')
      .expectConnectionError(403)
    await superwstest(fromPeer(server, via('203.0.113.7', '192.0.2.1')))
      .ws('/gateway')
      .expectJson((frame: { event?: string }) => frame.event === 'connect.challenge')
      .close()
  })

  test('is given one front for each peer, which ends with it', async () => {
    const server = createServer(guardedApp(express))
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    const front = fromPeer(server, '203.0.113.7')
    expect(fromPeer(server, '203.0.113.7')).toBe(front)
    expect(fromPeer(server, '203.0.113.8')).not.toBe(front)
    const { port, address } = front.address() as AddressInfo
    expect(address).toBe('127.0.0.1')
    expect((await fetch(`http://127.0.0.1:${port}/notes`)).status).toBe(403)
    const ended = new Promise<void>((resolve) => front.once('close', resolve))
    await stop(server)
    await ended
    expect(front.listening).toBe(false)
  })

  test('one connection carries several requests', async () => {
    const server = createServer(guardedApp(express))
    servers.push(server)
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    const { port } = asLocal(server).address() as AddressInfo
    for (let n = 0; n < 3; n += 1) expect((await fetch(`http://127.0.0.1:${port}/notes`)).status).toBe(200)
  })
})
