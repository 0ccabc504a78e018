// All clients of a gateway come back at once after a restart: how long until every one of them is in again.
// With the limits as they are by default. LATCHKEY_LOAD_CLIENTS: how many, 5000 by default.
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import WebSocket from 'ws'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { signedTextV3 } from '../../lib/protocol/index.ts'
import { createGateway, sqliteStore } from '../../lib/index.ts'

const CLIENTS = Number(process.env.LATCHKEY_LOAD_CLIENTS ?? 5000)
const CLIENT = { id: 'load', version: '1.0.0', platform: 'linux', mode: 'load' }
const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-load-'))
const identities = Array.from({ length: CLIENTS }, () => createDeviceIdentity())
let refused = 0

async function serve(): Promise<{ url: string; close: () => Promise<void> }> {
  const gateway = await createGateway({
    store: await sqliteStore(path.join(folder, 'latchkey.db')),
    auditKey: { file: path.join(folder, 'audit.key') },
    localSecret: false,
    logger: { info: () => undefined, warn: () => undefined, error: console.error },
    peerLookup: {
      name: 'fixed',
      lookup: () => Promise.resolve({ status: 'same-user' }),
      close: () => Promise.resolve(),
    },
  })
  const server = createServer()
  gateway.attach(server, { path: '/gateway' })
  server.listen({ port: 0, host: '127.0.0.1', backlog: 8192 })
  await once(server, 'listening')
  const close = async (): Promise<void> => {
    await gateway.close()
    server.closeAllConnections()
    server.close()
  }
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/gateway`, close }
}

/** Tries until it is in, after a pause that grows, as Latchkey's client does. */
async function connect(url: string, index: number): Promise<WebSocket> {
  for (let attempt = 0; ; attempt += 1) {
    const socket = await tryOnce(url, index)
    if (socket !== null) return socket
    refused += 1
    const most = Math.min(30_000, 250 * 2 ** attempt)
    await new Promise((resolve) => setTimeout(resolve, most / 2 + (Math.random() * most) / 2))
  }
}

function tryOnce(url: string, index: number): Promise<WebSocket | null> {
  const identity = identities[index] as (typeof identities)[number]
  return new Promise((resolve) => {
    const socket = new WebSocket(url, { perMessageDeflate: false })
    socket.on('error', () => resolve(null))
    socket.on('close', () => resolve(null))
    socket.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString('utf8')) as {
        event?: string
        ok?: boolean
        payload?: { nonce?: string }
      }
      if (frame.event === 'connect.challenge') socket.send(connectFrame(identity, frame.payload?.nonce ?? ''))
      if (frame.ok === true) resolve(socket)
    })
  })
}

function connectFrame(identity: (typeof identities)[number], nonce: string): string {
  const [role, scopes, signedAt] = ['operator', ['operator.read'], Date.now()]
  const { deviceId, publicKey } = identity
  const claims = { deviceId, clientId: CLIENT.id, clientMode: CLIENT.mode, role, scopes, signedAtMs: signedAt, token: '', nonce, platform: CLIENT.platform, deviceFamily: '' }
  const signature = identity.sign(signedTextV3(claims))
  const params = { minProtocol: 3, maxProtocol: 4, client: CLIENT, role, scopes, device: { id: deviceId, publicKey, signature, signedAt, nonce } }
  return JSON.stringify({ type: 'req', id: '1', method: 'connect', params })
} // prettier-ignore

const first = await serve()
let sockets: WebSocket[] = []
for (let i = 0; i < CLIENTS; i += 100)
  sockets.push(...(await Promise.all(range(i).map((index) => connect(first.url, index)))))
console.log(`${sockets.length} devices are paired and connected; the gateway restarts`)
await first.close()

refused = 0
const again = await serve()
const started = performance.now()
sockets = await Promise.all(identities.map((_, index) => connect(again.url, index)))
const seconds = ((performance.now() - started) / 1000).toFixed(1)
const open = sockets.filter((socket) => socket.readyState === WebSocket.OPEN).length
console.log(`${open} of ${CLIENTS} are in again after ${seconds} s; ${refused} tries had to be repeated`)
await again.close()
rmSync(folder, { recursive: true })
process.exit(open === CLIENTS ? 0 : 1)

function range(from: number): number[] {
  return Array.from({ length: Math.min(100, CLIENTS - from) }, (_, k) => from + k)
}
