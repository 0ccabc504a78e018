import { spawn } from 'node:child_process'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { expect, jest, test } from '@jest/globals'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { admittedAs, connectAs } from '../gateway/signed-connect.ts'
import { portsOutOfReach } from '../proxies/free-ports.ts'

jest.setTimeout(180_000)

test('two-nodes: paired on one node, approved on the other, revoked on the first, behind nginx', async () => {
  const port = await portsOutOfReach(3)
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
    const ownerA = (await admittedAs(a, createDeviceIdentity(), admin)).client
    const ownerB = (await admittedAs(b, createDeviceIdentity(), admin)).client

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
