import { createServer, type Server } from 'node:http'
import { afterEach, describe, expect, jest, test } from '@jest/globals'
import express from 'express'
import expressWs from 'express-ws'
import { createGateway, memoryStore, type Gateway } from '../../lib/index.ts'
import { attack } from '../../lib/testing/index.ts'
import { listen, stop } from '../gateway/running-gateway.ts'
import { naiveApp, rightApp } from './attacked-apps.ts'

jest.setTimeout(240_000)

const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined }
let gateway: Gateway | null = null
let server: Server | null = null
afterEach(async () => {
  await gateway?.close()
  if (server !== null) await stop(server)
  gateway = server = null
})

describe('a gateway', () => {
  test('beside an app: nobody is paired silently who is not local, over either channel', async () => {
    const locality = { trustProxy: ['loopback'] }
    const store = memoryStore()
    gateway = await createGateway({ store, locality, logger: QUIET })
    server = createServer(rightApp(express, locality))
    gateway.attach(server, { path: '/gateway' })
    await listen(server)
    const result = await attack(server, { path: '/notes', wsPath: '/gateway' })
    result.expectSafe()
    expect(result.ran).toBeGreaterThan(1600)
    expect(result.controls.map(({ channel, local }) => [channel, local.got])).toEqual([
      ['http', '200 OK ["water the plants"]'],
      ['websocket', 'hello-ok: a new key was paired silently'],
    ])
    // The one of the control.
    expect(await store.transaction((tx) => tx.silentGrantsSince(0))).toHaveLength(1)
  })

  test('through express-ws, on a server that listens', async () => {
    gateway = await createGateway({ store: memoryStore(), logger: QUIET })
    const app = express()
    server = createServer(app)
    const { app: withWs } = expressWs(app as never, server, { wsOptions: gateway.wsOptions })
    withWs.ws('/gateway', gateway.expressWs() as never)
    await listen(server)
    const result = await attack(server, { wsPath: '/gateway' })
    result.expectSafe()
    expect(result.ran).toBeGreaterThan(800)
  })

  test('that trusts headers alone pairs strangers, and is found', async () => {
    gateway = await createGateway({
      store: memoryStore(),
      logger: QUIET,
      locality: { dangerouslyTrustHeaders: true },
    })
    server = createServer()
    gateway.attach(server, { path: '/gateway' })
    const { findings, report } = await attack(server, { wsPath: '/gateway' })
    expect(new Set(findings.map(({ weakness, channel, got }) => [weakness, channel, got].join()))).toEqual(
      new Set(['headers-alone,websocket,hello-ok: a new key was paired silently']),
    )
    expect(report).toContain('drop dangerouslyTrustHeaders')
  })
})

test('a WebSocket of the app’s own that looks at the address alone is found', async () => {
  const app = express()
  server = createServer(app)
  const { app: withWs } = expressWs(app as never, server)
  withWs.ws('/live', (socket, request) => {
    if (request.socket.remoteAddress === '127.0.0.1') socket.send('welcome')
    else socket.close(1008, 'no')
  })
  const { controls, findings } = await attack(server, { wsPath: '/live' })
  expect(controls).toMatchObject([
    { localLetIn: true, remoteLetIn: false, remote: { got: '101, then close 1008 no' } },
  ])
  expect(new Set(findings.map(({ weakness }) => weakness))).toContain('ignores-page')
})

describe('a URL', () => {
  test('is attacked from this process alone', async () => {
    server = createServer(rightApp())
    const result = await attack(`http://127.0.0.1:${await listen(server)}`, { path: '/notes' })
    // The test runner may itself look like a relay to the kernel: then even the control is refused.
    if (result.controls[0]?.localLetIn === true) expect(result.skipped).toBeGreaterThan(200)
    expect(result.findings).toEqual([])
    await stop(server)
    server = createServer(naiveApp(express, ({ ip }) => ip === '127.0.0.1'))
    const naive = await attack(`http://127.0.0.1:${await listen(server)}`, { path: '/notes' })
    expect(naive.findings.length).toBeGreaterThan(400)
    expect(naive.report).toContain('skipped, because a URL is reached from this machine alone')
  })

  test('must be one', async () => {
    await expect(attack('127.0.0.1:80', { path: '/' })).rejects.toThrow('expected an app, a server, or a URL')
  })
})
