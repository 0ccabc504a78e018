import { createServer, type Server } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import express, { type Application, type RequestHandler } from 'express'
import express4 from 'express4'
import expressWs from 'express-ws'
import type { WebSocket } from 'ws'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import {
  createGateway,
  memoryStore,
  type ExpressWsHandler,
  type Gateway,
  type GatewayOptions,
} from '../../lib/index.ts'
import { RawClient } from './raw-client.ts'
import { MALFORMED_FRAME, readToEnd, readUntil, tcp, textFrame, upgradeText } from './raw-upgrade.ts'
import { listen, stop, until } from './running-gateway.ts'
import { admittedAs, connectAs, FORWARDED, signedConnect } from './signed-connect.ts'

const peerLookup = {
  name: 'test',
  lookup: () => Promise.resolve({ status: 'same-user' as const }),
  close: () => Promise.resolve(),
}
const later: RequestHandler = (_request, _response, next) => {
  setTimeout(next, 150)
}
const atOnce: RequestHandler = (_request, _response, next) => {
  next()
}

const MOUNTS: [string, () => Application, RequestHandler][] = [
  ['Express 5, middleware that answers at once', () => express(), atOnce],
  ['Express 5, asynchronous middleware', () => express(), later],
  ['Express 4, middleware that answers at once', () => express4(), atOnce],
  ['Express 4, asynchronous middleware', () => express4(), later],
]

describe.each(MOUNTS)('%s', (_name, makeApp, middleware) => {
  let gateway: Gateway
  let server: Server
  let port: number
  let url: string
  let handle: ExpressWsHandler = () => undefined

  async function start(options: Partial<GatewayOptions> = {}): Promise<void> {
    gateway = await createGateway({ store: memoryStore(), peerLookup, limits: { closeMs: 100 }, ...options })
    const app = makeApp()
    server = createServer(app)
    const ws = expressWs(app, server, { wsOptions: gateway.wsOptions })
    app.use(middleware)
    ws.app.ws('/gateway', gateway.expressWs())
    ws.app.ws('/late', (socket, request) => {
      handle(socket, request)
    })
    ws.app.ws('/other', (socket) => {
      socket.send('{"type":"event","event":"other"}')
    })
    port = await listen(server)
    url = `ws://127.0.0.1:${port}/gateway`
  }
  beforeEach(() => start())
  afterEach(async () => {
    await gateway.close()
    await stop(server)
  })

  test('pairs a local client silently and answers it', async () => {
    const { client } = await admittedAs(url, createDeviceIdentity(), { scopes: ['operator.admin'] })
    expect(await client.request('device.pair.list')).toMatchObject({ ok: true })
    client.close()
  })

  test('makes a client from elsewhere wait', async () => {
    const { client, answer } = await connectAs(url, createDeviceIdentity(), {}, FORWARDED)
    expect(answer.error?.code).toBe('NOT_PAIRED')
    expect((await client.closed).reason).toMatch(/^pairing required.*\(requestId: [0-9a-f-]{36}\)$/)
  })

  test('keeps frames that come before the challenge', async () => {
    const client = new RawClient(url)
    client.socket.on('open', () => client.send({ type: 'req', id: 'early', method: 'health' }))
    expect(await client.next()).toMatchObject({ event: 'connect.challenge' })
    expect(await client.next()).toMatchObject({ id: 'early', ok: false })
    expect((await client.closed).code).toBe(1008)
  })

  test('refuses more than sixteen early frames instead of losing some', async () => {
    const socket = await tcp(port)
    const frame = textFrame('{"type":"req","id":"1","method":"connect","params":{}}')
    socket.write(
      Buffer.concat([Buffer.from(upgradeText('/gateway')), ...Array.from({ length: 17 }, () => frame)]),
    )
    expect(await readToEnd(socket)).toMatch(/invalid connect params|too many frames/)
  })

  test('refuses an early frame of more than 16 KiB', async () => {
    const client = new RawClient(url)
    client.socket.on('open', () => client.send('x'.repeat(16 * 1024 + 1)))
    await client.challenge().catch(() => undefined)
    expect((await client.closed).code).toBe(1009)
  })

  test('refuses 16 KiB + 1 before hello-ok and 1 MiB + 1 after it', async () => {
    const early = new RawClient(url)
    await early.challenge()
    early.send('x'.repeat(16 * 1024 + 1))
    expect((await early.closed).code).toBe(1009)
    const { client } = await admittedAs(url, createDeviceIdentity())
    client.send(JSON.stringify({ type: 'req', id: 'h', method: 'health', pad: 'x'.repeat(900_000) }))
    expect(await client.next()).toMatchObject({ id: 'h', ok: true })
    client.send('x'.repeat(1024 * 1024 + 1))
    expect((await client.closed).code).toBe(1009)
  })

  test('refuses binary frames, whichever version of ws delivers them', async () => {
    const client = new RawClient(url)
    const params = signedConnect(createDeviceIdentity(), await client.challenge())
    client.send(Buffer.from(JSON.stringify({ type: 'req', id: 'c', method: 'connect', params })))
    expect((await client.closed).code).toBe(1008)
  })

  test('leaves other routes alone', async () => {
    const client = new RawClient(`ws://127.0.0.1:${port}/other`)
    expect(await client.next()).toEqual({ type: 'event', event: 'other' })
    client.close()
  })

  test.each(['/gateway', '/other', '/nowhere'])('outlives a malformed frame on %s', async (path) => {
    const socket = await tcp(port)
    socket.write(Buffer.concat([Buffer.from(upgradeText(path)), MALFORMED_FRAME]))
    await readToEnd(socket)
    const { client } = await admittedAs(url, createDeviceIdentity())
    client.close()
  })

  test('starts nothing for a client that left while the middleware ran', async () => {
    const listeners = new Promise<number>((resolve) => {
      handle = (socket, request) => {
        const ws = socket as unknown as WebSocket
        const run = (): void => {
          gateway.expressWs()(socket, request)
          resolve(ws.listenerCount('message'))
        }
        if (ws.readyState === ws.CLOSED) run()
        else ws.once('close', run)
      }
    })
    const socket = await tcp(port)
    socket.write(upgradeText('/late'))
    await readUntil(socket, '101 Switching')
    socket.resetAndDestroy()
    expect(await listeners).toBe(0)
  })

  test('ends with 1012 when the gateway closes, and so do those who come later', async () => {
    const { client } = await admittedAs(url, createDeviceIdentity())
    const waiting = new RawClient(url)
    await waiting.challenge()
    await gateway.close()
    expect((await client.closed).code).toBe(1012)
    expect((await waiting.closed).code).toBe(1012)
    const late = new RawClient(url)
    await expect(late.next()).rejects.toThrow('closed: 1012')
  })

  test('counts the middleware into the deadline', async () => {
    await gateway.close()
    await stop(server)
    await start({ limits: { handshakeMs: 100 } })
    const client = new RawClient(url)
    expect((await client.closed).reason).toBe('handshake timeout')
    await until(() => client.socket.readyState === client.socket.CLOSED)
  })
})

test('asks the real kernel when no look-up is given', async () => {
  const gateway = await createGateway({ store: memoryStore(), limits: { closeMs: 100 } })
  const app = express()
  const server = createServer(app)
  expressWs(app, server, { wsOptions: gateway.wsOptions }).app.ws('/gateway', gateway.expressWs())
  const url = `ws://127.0.0.1:${await listen(server)}/gateway`
  const { client } = await admittedAs(url, createDeviceIdentity())
  const away = await connectAs(url, createDeviceIdentity(), {}, FORWARDED)
  expect(away.answer.error?.code).toBe('NOT_PAIRED')
  client.close()
  await gateway.close()
  await stop(server)
})
