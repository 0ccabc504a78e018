import { spawn } from 'node:child_process'
import { createServer, type Server } from 'node:net'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { expect, jest, test } from '@jest/globals'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import type { RawClient } from '../gateway/raw-client.ts'
import { admittedAs, connectAs } from '../gateway/signed-connect.ts'

jest.setTimeout(180_000)

test('two-nodes: paired on one node, approved on the other, revoked on the first, behind nginx', async () => {
  const port = await threePorts()
  const program = path.resolve(import.meta.dirname, '../../examples/two-nodes/run.js')
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const complaints: Buffer[] = []
  child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk))
  const ended = new Promise((resolve) => child.once('close', resolve))
  try {
    const isReady = new Promise<string>((resolve) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.startsWith('Ready: ')) resolve('ready')
      })
    })
    const end = ended.then(() => Buffer.concat(complaints).toString())
    expect(await Promise.race([isReady, end])).toBe('ready')
    const [front, a, b] = [port, port + 1, port + 2].map((at) => `ws://127.0.0.1:${at}/gateway`) as [string, string, string] // prettier-ignore
    const admin = { scopes: ['operator.admin'] }
    const ownerA = await ownerAt(a, admin)
    const ownerB = await ownerAt(b, admin)

    // Through nginx it waits, on whichever node it landed, and both owners see it.
    const phone = createDeviceIdentity()
    const { answer } = await connectAs(front, phone)
    const { requestId, digest } = answer.error?.details ?? {}
    expect(answer.error?.details).toMatchObject({ reason: 'not-paired' })
    for (const owner of [ownerA, ownerB])
      expect((await owner.event('device.pair.requested')).payload?.requestId).toBe(requestId)
    expect(await ownerB.request('device.pair.approve', { requestId, digest })).toMatchObject({ ok: true })

    // nginx takes turns: four connections are on both nodes.
    const sessions = []
    for (let i = 0; i < 4; i += 1) sessions.push((await admittedAs(front, phone)).client)
    const nodes = await Promise.all(sessions.map(async (one) => (await one.request('whoami')).payload?.node))
    expect([...new Set(nodes)].sort()).toEqual(['A', 'B'])
    await ownerA.request('device.pair.remove', { deviceId: phone.deviceId })
    for (const one of sessions) expect(await one.closed).toEqual({ code: 4001, reason: 'device removed' })
    for (const owner of [ownerA, ownerB]) owner.close()
  } catch (error) {
    throw new Error(`the nodes said: ${Buffer.concat(complaints).toString()}`, { cause: error })
  } finally {
    child.kill('SIGTERM')
    await ended
  }
})

/** Among other tests the runner may look like a relay for a moment; what the kernel said of it then is printed. */
async function ownerAt(url: string, ask: object): Promise<RawClient> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return (await admittedAs(url, createDeviceIdentity(), ask)).client
    } catch (error) {
      console.warn(`attempt ${attempt}: ${String(error)}`)
      if (attempt === 3) throw error
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
  }
}

/** The first of three in a row that are free, below those that the kernel gives to clients. */
async function threePorts(): Promise<number> {
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 10_000)
    const servers = await Promise.all([first, first + 1, first + 2].map(listenOn))
    const isFree = servers.every((server) => server !== null)
    for (const server of servers) server?.close()
    if (isFree) return first
  }
}

function listenOn(port: number): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(null))
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}
