import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createServer, type Server } from 'node:http'
import express from 'express'
import expressWs from 'express-ws'
import request from 'superwstest'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { createGateway, type Gateway } from '../../lib/index.ts'
import { countingStore } from './counting-store.ts'
import { listen, stop } from './running-gateway.ts'
import { connectAs } from './signed-connect.ts'

const peerLookup = {
  name: 'test',
  lookup: () => Promise.resolve({ status: 'same-user' as const }),
  close: () => Promise.resolve(),
}
const MOUNTS: [string, (gateway: Gateway) => Server][] = [
  [
    'attach()',
    (gateway) => {
      const server = createServer()
      gateway.attach(server, { path: '/gateway' })
      return server
    },
  ],
  [
    'express-ws',
    (gateway) => {
      const app = express()
      const server = createServer(app)
      const { app: wsApp } = expressWs(app, server, { wsOptions: gateway.wsOptions })
      wsApp.ws('/gateway', gateway.expressWs())
      return server
    },
  ],
]

describe.each(MOUNTS)('pages of other origins, mounted with %s', (_name, mount) => {
  let server: Server
  let gateway: Gateway
  let port: number
  let count: { transactions: number; writes: number }

  beforeEach(async () => {
    const counting = countingStore()
    const locality = { allowedOrigins: ['https://app.example'] }
    gateway = await createGateway({ store: counting.store, peerLookup, locality })
    count = counting.count
    count.transactions = 0
    server = mount(gateway)
    port = await listen(server)
  })
  afterEach(async () => {
    request.closeAll()
    await gateway.close()
    await stop(server)
  })

  const local = (): string => `127.0.0.1:${port}`

  test.each<[string, () => Record<string, string>]>([
    ['another site', () => ({ Origin: 'https://evil.example' })],
    ['a sandboxed frame', () => ({ Origin: 'null' })],
    ['another port of this machine', () => ({ Origin: `http://127.0.0.1:${port + 1}` })],
    ['no port', () => ({ Origin: 'http://127.0.0.1' })],
    ['another spelling of loopback', () => ({ Origin: `http://localhost:${port}` })],
    ['an upper-case spelling', () => ({ Origin: `HTTP://127.0.0.1:${port}` })],
    ['a path behind', () => ({ Origin: `http://127.0.0.1:${port}/` })],
    ['a user before', () => ({ Origin: `http://x@127.0.0.1:${port}` })],
    ['an extension', () => ({ Origin: 'chrome-extension://abcdefghijklmnop' })],
    ['an empty Origin', () => ({ Origin: '' })],
    ['a rebound name', () => ({ Origin: 'http://rebound.example', Host: 'rebound.example' })],
    ['a cross-site request without Origin', () => ({ 'Sec-Fetch-Site': 'cross-site' })],
    ['a same-site request', () => ({ 'Sec-Fetch-Site': 'same-site' })],
    [
      'a same-origin Origin that is cross-site',
      () => ({ Origin: `http://${local()}`, 'Sec-Fetch-Site': 'cross-site' }),
    ],
    ['a subdomain of an allowed one', () => ({ Origin: 'https://x.app.example' })],
  ])('%s: 403 before the 101, and nothing is read or written', async (_what, headers) => {
    await request(server).ws('/gateway').set(headers()).expectConnectionError(403)
    expect(count.transactions).toBe(0)
  })

  test('of the very host that is called: silent', async () => {
    const headers = { Origin: `http://${local()}`, 'Sec-Fetch-Site': 'same-origin' }
    const { client, answer } = await connectAs(`ws://${local()}/gateway`, createDeviceIdentity(), {}, headers)
    expect(answer.ok).toBe(true)
    client.close()
  })

  test('allowed ones get in and wait for the owner', async () => {
    const headers = { Origin: 'https://app.example', 'Sec-Fetch-Site': 'cross-site' }
    const { client, answer } = await connectAs(`ws://${local()}/gateway`, createDeviceIdentity(), {}, headers)
    expect(answer.error).toMatchObject({ code: 'NOT_PAIRED', details: { reason: 'not-paired' } })
    client.close()
  })

  test.each([
    ['a Host that is not local', { Host: 'gateway.example' }],
    ['a header of a proxy', { Via: '1.1 x' }],
    ['an empty header of a proxy', { 'X-Forwarded-For': '' }],
    ['a look-alike of such a header', { X_Real_IP: '203.0.113.9' }],
  ])('without a page but with %s: not silent', async (_what, headers) => {
    const { client, answer } = await connectAs(`ws://${local()}/gateway`, createDeviceIdentity(), {}, headers)
    expect(answer.error?.code).toBe('NOT_PAIRED')
    client.close()
  })
})

test('express-ws without wsOptions: the page is refused after the 101, and the operator is told why', async () => {
  const warnings: string[] = []
  const logger = {
    info: () => undefined,
    warn: (text: string) => warnings.push(text),
    error: () => undefined,
  }
  const { store, count } = countingStore()
  const gateway = await createGateway({ store, peerLookup, logger })
  count.transactions = 0
  const app = express()
  const server = createServer(app)
  expressWs(app, server).app.ws('/gateway', gateway.expressWs())
  const port = await listen(server)
  const url = `ws://127.0.0.1:${port}/gateway`
  await expect(
    connectAs(url, createDeviceIdentity(), {}, { Origin: 'https://evil.example' }),
  ).rejects.toThrow('closed: 1008')
  expect(count.transactions).toBe(0)
  const { client, answer } = await connectAs(url, createDeviceIdentity())
  expect(answer.ok).toBe(true)
  expect(warnings[0]).toContain('wsOptions')
  client.close()
  await gateway.close()
  await stop(server)
})
