import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { connect, createServer as createTcpServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { WebSocketServer } from 'ws'
import { callGateway, createDeviceIdentity } from '../../lib/client/index.ts'
import { createGateway, type Gateway, type GatewayOptions } from '../../lib/gateway/index.ts'
import type { PeerEvidence } from '../../lib/locality/index.ts'
import { CLIENT_NONCE_HEADER } from '../../lib/protocol/index.ts'
import { memoryStore } from '../../lib/store/index.ts'
import { RawClient } from './raw-client.ts'
import { signedConnect } from './signed-connect.ts'

const NONCE = 'A'.repeat(43)
const home = process.env.LATCHKEY_HOME ?? ''

let cleanup: (() => unknown)[]
beforeEach(() => {
  cleanup = []
})
afterEach(async () => {
  process.env.LATCHKEY_HOME = home
  for (const undo of cleanup.reverse()) await undo()
})

type Started = { gateway: Gateway; url: string; port: number }

/** A gateway that the kernel tells `status` about every client. */
async function start(
  status: PeerEvidence['status'],
  options: Partial<GatewayOptions> = {},
): Promise<Started> {
  const peerLookup = {
    name: 'fixed',
    lookup: () => Promise.resolve({ status }),
    close: () => Promise.resolve(),
  }
  const gateway = await createGateway({ store: memoryStore(), peerLookup, ...options })
  gateway.method('where', { scope: null }, ({ locality }) => locality)
  const server = createServer()
  const port = await listen(server)
  gateway.attach(server, { path: '/gateway' })
  cleanup.push(() => gateway.close())
  return { gateway, port, url: `ws://127.0.0.1:${port}/gateway` }
}

async function listen(server: Server | ReturnType<typeof createTcpServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanup.push(() => server.close())
  return (server.address() as AddressInfo).port
}

function where(url: string, headers: Record<string, string> = {}): Promise<unknown> {
  return callGateway({ url, headers, identity: createDeviceIdentity(), method: 'where', timeoutMs: 5000 })
}

/** Passes every connection on to `port`, byte by byte. */
function relayTo(port: number): ReturnType<typeof createTcpServer> {
  return createTcpServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    client.pipe(upstream).pipe(client)
    client.on('error', () => upstream.destroy())
    upstream.on('error', () => client.destroy())
  })
}

describe("Latchkey's own client", () => {
  test.each<PeerEvidence['status']>(['unproven', 'outbound', 'relay', 'other-user', 'same-user'])(
    'is local by its proof when the kernel says %s',
    async (status) => {
      const { url } = await start(status)
      expect(await where(url)).toMatchObject({ isLocal: true, assurance: 'local-secret', silent: true })
      expect(await where(url.replace('127.0.0.1', 'localhost'))).toMatchObject({ assurance: 'local-secret' })
    },
  )

  test('is not when it cannot read the secret', async () => {
    const { url } = await start('unproven')
    process.env.LATCHKEY_HOME = path.join(home, 'elsewhere')
    await expect(where(url)).rejects.toMatchObject({
      code: 'NOT_PAIRED',
      details: { locality: { reason: 'peer-unproven' } },
    })
  })

  test('is not when forwarding headers say that a proxy stands between', async () => {
    const { url } = await start('same-user')
    await expect(where(url, { 'X-Forwarded-For': '127.0.0.1' })).rejects.toMatchObject({
      details: { locality: { reason: 'forwarding-untrusted' } },
    })
  })

  test('is not through somebody in the middle, who passes its proof on', async () => {
    const { port } = await start('other-user')
    const middle = await listen(relayTo(port))
    const url = `ws://127.0.0.1:${middle}/gateway`
    await expect(where(url)).rejects.toMatchObject({ details: { locality: { reason: 'peer-other-user' } } })
  })

  test('uses a file that both sides configured, and only that', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-configured-'))
    cleanup.push(() => rmSync(folder, { recursive: true }))
    const file = path.join(folder, 'secret')
    const { url, gateway } = await start('unproven', { localSecret: { file } })
    const identity = createDeviceIdentity()
    const call = { url, identity, method: 'where', localSecretFile: file }
    expect(await callGateway(call)).toMatchObject({ assurance: 'local-secret' })
    await expect(where(url)).rejects.toMatchObject({ code: 'NOT_PAIRED' })
    await gateway.close()
    expect(existsSync(file)).toBe(true)
  })

  test('shows no proof to a gateway that does not know the secret', async () => {
    await start('same-user')
    const [name = ''] = readdirSync(path.join(home, 'run'))
    const impostor = createServer()
    const port = await listen(impostor)
    const seen: unknown[] = []
    const webSockets = new WebSocketServer({ server: impostor })
    cleanup.push(() => webSockets.close())
    webSockets.on('connection', (socket) => {
      const localSecret = { id: name.replace('.secret', ''), proof: 'B'.repeat(43) }
      const payload = { nonce: 'n', ts: Date.now(), gatewayId: 'g', localSecret }
      socket.send(JSON.stringify({ type: 'event', event: 'connect.challenge', payload }))
      socket.on('message', (data: Buffer) => {
        seen.push((JSON.parse(data.toString()) as { params: object }).params)
        socket.close()
      })
    })
    await expect(where(`ws://127.0.0.1:${port}/`)).rejects.toMatchObject({ code: 'CLOSED' })
    expect(seen).toHaveLength(1)
    expect(seen[0]).not.toHaveProperty('localProof')
    expect(seen[0]).toHaveProperty('device')
  })
})

describe('the gateway', () => {
  test('offers its proof to those alone who send a nonce', async () => {
    const { url } = await start('same-user')
    const challengeOf = async (headers: Record<string, string>): Promise<unknown> => {
      const client = new RawClient(url, headers)
      cleanup.push(() => client.socket.terminate())
      return (await client.event('connect.challenge')).payload
    }
    expect(await challengeOf({})).not.toHaveProperty('localSecret')
    expect(await challengeOf({ [CLIENT_NONCE_HEADER]: 'short' })).not.toHaveProperty('localSecret')
    expect(await challengeOf({ [CLIENT_NONCE_HEADER]: NONCE })).toHaveProperty('localSecret.proof')
  })

  test('takes no wrong proof', async () => {
    const { url } = await start('unproven')
    const client = new RawClient(url, { [CLIENT_NONCE_HEADER]: NONCE })
    cleanup.push(() => client.socket.terminate())
    const nonce = await client.challenge()
    const params = { ...signedConnect(createDeviceIdentity(), nonce), localProof: NONCE }
    expect(await client.request('connect', params)).toMatchObject({
      ok: false,
      error: { code: 'NOT_PAIRED' },
    })
  })

  test('offers nothing when told not to', async () => {
    const { url } = await start('unproven', { localSecret: false })
    await expect(where(url)).rejects.toMatchObject({ code: 'NOT_PAIRED' })
  })

  test('removes the file of its run when it closes', async () => {
    const before = readdirSync(path.join(home, 'run')).length
    const { gateway } = await start('same-user')
    expect(readdirSync(path.join(home, 'run'))).toHaveLength(before + 1)
    await gateway.close()
    expect(readdirSync(path.join(home, 'run'))).toHaveLength(before)
  })

  test('goes on without a secret, and says why, when the folder is not private', async () => {
    process.env.LATCHKEY_HOME = path.join(home, 'open')
    mkdirSync(path.join(home, 'open', 'run'), { recursive: true })
    chmodSync(path.join(home, 'open', 'run'), 0o777)
    const warnings: unknown[] = []
    const logger = {
      info: () => undefined,
      error: () => undefined,
      warn: (...args: unknown[]) => warnings.push(args),
    }
    await start('same-user', { logger })
    expect(JSON.stringify(warnings)).toMatch(/others may enter it/)
    await expect(
      start('same-user', { localSecret: { file: path.join(home, 'open', 'run', 'x') } }),
    ).rejects.toMatchObject({
      code: 'FOLDER_UNSAFE',
    })
  })
})
