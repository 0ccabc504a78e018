// Serves one gateway over attach() and one over express-ws, with routes that misbehave, and prints the ports.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import expressWs from 'express-ws'
import { createGateway, memoryStore, type Gateway } from '../../../lib/index.ts'

const logger = { info: () => undefined, warn: () => undefined, error: () => undefined }

// The test runner that connects may itself listen, for another test, and would then be a relay to the kernel.
const peerLookup = {
  name: 'fixed',
  lookup: () => Promise.resolve({ status: 'same-user' as const }),
  close: () => Promise.resolve(),
}

async function makeGateway(): Promise<Gateway> {
  const gateway = await createGateway({ store: memoryStore(), logger, peerLookup, limits: { closeMs: 100 } })
  gateway.method('throws', { scope: null }, () => {
    throw new Error('thrown')
  })
  gateway.method('rejects', { scope: null }, () => Promise.reject(new Error('rejected')))
  gateway.method('later', { scope: null }, async () => {
    await new Promise((resolve) => setTimeout(resolve, 20))
    throw new Error('later')
  })
  gateway.method('bigint', { scope: null }, () => 1n)
  return gateway
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return (server.address() as AddressInfo).port
}

const attached = createServer()
;(await makeGateway()).attach(attached, { path: '/gateway' })

const mounted = await makeGateway()
const app = express()
const server = createServer(app)
const ws = expressWs(app, server, { wsOptions: mounted.wsOptions })
app.use((_request, _response, next) => {
  setTimeout(next, 20)
})
ws.app.ws('/gateway', mounted.expressWs())
ws.app.ws('/other', () => undefined)

console.log(JSON.stringify({ attach: await listen(attached), expressWs: await listen(server) }))
