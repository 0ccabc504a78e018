import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { RawClient } from './raw-client.ts'
import { MALFORMED_FRAME, readToEnd, readUntil, tcp, textFrame, upgradeText } from './raw-upgrade.ts'
import { admittedAs, signedConnect } from './signed-connect.ts'

let child: ChildProcess
let stderr = ''
let ports: Record<'attach' | 'expressWs', number>

beforeAll(async () => {
  const script = path.join(import.meta.dirname, 'children/serve-gateway.ts')
  child = spawn(process.execPath, ['--no-warnings', script], { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')))
  if (child.stdout === null) throw new Error('no output')
  const [line] = (await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => {
      throw new Error(stderr)
    }),
  ])) as [Buffer]
  ports = JSON.parse(line.toString('utf8')) as typeof ports
})
afterAll(async () => {
  child.kill()
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
})

// Whatever happened, the next client is greeted and nothing was complained about.
afterEach(async () => {
  for (const port of Object.values(ports)) {
    const client = new RawClient(`ws://127.0.0.1:${port}/gateway`)
    await client.challenge()
    client.close()
  }
  expect({ exitCode: child.exitCode, signal: child.signalCode, stderr }).toEqual({
    exitCode: null,
    signal: null,
    stderr: '',
  })
})

describe.each(['attach', 'expressWs'] as const)('the process behind %s survives', (mount) => {
  test.each(['/gateway', '/gateway?x=1', '/other', '/nowhere'])('a malformed frame on %s', async (target) => {
    for (let i = 0; i < 3; i += 1) {
      const socket = await tcp(ports[mount])
      socket.write(Buffer.concat([Buffer.from(upgradeText(target)), MALFORMED_FRAME]))
      await readToEnd(socket)
    }
  })

  test('a malformed frame while the first one is looked at, and after hello-ok', async () => {
    const socket = await tcp(ports[mount])
    socket.write(upgradeText('/gateway'))
    const text = await readUntil(socket, '"nonce":"')
    const whole = text.includes('"ts"') ? text : text + (await readUntil(socket, '"ts"'))
    const nonce = /"nonce":"([^"]+)"/.exec(whole)?.[1] ?? ''
    const params = signedConnect(createDeviceIdentity(), nonce)
    const connect = textFrame(JSON.stringify({ type: 'req', id: 'c', method: 'connect', params }))
    socket.write(Buffer.concat([connect, MALFORMED_FRAME]))
    await readToEnd(socket)
    const { client } = await admittedAs(`ws://127.0.0.1:${ports[mount]}/gateway`, createDeviceIdentity())
    ;(client.socket as unknown as { _socket: { write(data: Buffer): void } })._socket.write(MALFORMED_FRAME)
    await client.closed
  })

  test.each<[string, (port: number) => Promise<void>]>([
    ['after the TCP connection', async (port) => void (await tcp(port)).resetAndDestroy()],
    [
      'in mid-upgrade',
      async (port) => {
        const socket = await tcp(port)
        socket.write(upgradeText('/gateway').slice(0, 60))
        await new Promise((resolve) => setTimeout(resolve, 10))
        socket.resetAndDestroy()
      },
    ],
    [
      'right behind the upgrade',
      async (port) => {
        const socket = await tcp(port)
        await new Promise((resolve) => socket.write(upgradeText('/gateway'), resolve))
        socket.resetAndDestroy()
      },
    ],
    [
      'right behind an upgrade that is refused',
      async (port) => {
        const socket = await tcp(port)
        const text = upgradeText('/gateway', { Origin: 'https://evil.example' })
        await new Promise((resolve) => socket.write(text, resolve))
        socket.resetAndDestroy()
      },
    ],
    [
      'after the 101',
      async (port) => {
        const socket = await tcp(port)
        socket.write(upgradeText('/gateway'))
        await readUntil(socket, '101')
        socket.resetAndDestroy()
      },
    ],
    [
      'after the connect frame',
      async (port) => {
        const client = new RawClient(`ws://127.0.0.1:${port}/gateway`)
        const params = signedConnect(createDeviceIdentity(), await client.challenge())
        client.send({ type: 'req', id: 'c', method: 'connect', params })
        await new Promise((resolve) => setTimeout(resolve, 5))
        ;(client.socket as unknown as { _socket: { resetAndDestroy(): void } })._socket.resetAndDestroy()
        await client.closed
      },
    ],
    [
      'after hello-ok, with an answer on its way',
      async (port) => {
        const { client } = await admittedAs(`ws://127.0.0.1:${port}/gateway`, createDeviceIdentity())
        client.send({ type: 'req', id: 'l', method: 'later' })
        await new Promise((resolve) => setTimeout(resolve, 5))
        ;(client.socket as unknown as { _socket: { resetAndDestroy(): void } })._socket.resetAndDestroy()
        await client.closed
      },
    ],
  ])('a reset %s', async (_stage, reset) => {
    for (let i = 0; i < 3; i += 1) await reset(ports[mount])
  })

  test('handlers that throw, reject, fail later or return what cannot be sent; the caller is told', async () => {
    const { client } = await admittedAs(`ws://127.0.0.1:${ports[mount]}/gateway`, createDeviceIdentity())
    for (const method of ['throws', 'rejects', 'later', 'bigint'])
      expect((await client.request(method)).error).toEqual({ code: 'UNAVAILABLE', message: 'internal error' })
    expect(await client.request('health')).toMatchObject({ ok: true })
    client.close()
  })

  test('a thousand fragments, an endless header and half a frame', async () => {
    const client = new RawClient(`ws://127.0.0.1:${ports[mount]}/gateway`)
    await client.challenge()
    for (let i = 0; i < 1000; i += 1) client.socket.send('', { fin: false })
    client.close()
    const flood = await tcp(ports[mount])
    flood.write(upgradeText('/gateway', { 'X-Pad': 'x'.repeat(64 * 1024) }))
    expect(await readToEnd(flood)).toMatch(/^HTTP\/1\.1 431 /)
    const half = await tcp(ports[mount])
    half.write(Buffer.concat([Buffer.from(upgradeText('/gateway')), Buffer.from([0x81, 0xfe, 0x10])]))
    await readUntil(half, '101')
    half.end()
    await readToEnd(half)
  })
})
