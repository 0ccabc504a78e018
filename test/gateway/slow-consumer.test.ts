import { afterEach, describe, expect, test } from '@jest/globals'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { RawClient } from './raw-client.ts'
import { runGateway, until, type RunningGateway } from './running-gateway.ts'
import { admittedAs } from './signed-connect.ts'

let running: RunningGateway | null = null
afterEach(async () => {
  await running?.close()
  running = null
})

/** Stops reading from the network; what the kernels buffer between us still flows. */
function stopReading(client: RawClient): void {
  ;(client.socket as unknown as { _socket: { pause(): void } })._socket.pause()
}

describe('a client that sends and does not read is cut off', () => {
  test('while answers pile up', async () => {
    running = await runGateway({ limits: { maxBufferedBytes: 64 * 1024 } })
    running.gateway.method('big', { scope: null }, () => 'x'.repeat(1024 * 1024))
    const { client } = await admittedAs(running.url, createDeviceIdentity())
    stopReading(client)
    let sent = 0
    await until(() => {
      if (client.socket.readyState !== client.socket.OPEN) return true
      client.send({ type: 'req', id: `b${(sent += 1)}`, method: 'big' })
      return sessionIsGone(running)
    })
    client.close()
  })

  test('while pongs pile up, also before it has proved who it is', async () => {
    running = await runGateway({ limits: { maxBufferedBytes: 64 * 1024, handshakeMs: 600_000 } })
    const client = new RawClient(running.url)
    await client.challenge()
    stopReading(client)
    const { server } = running
    const payload = Buffer.alloc(125)
    await until(() => {
      for (let i = 0; i < 2000 && client.socket.readyState === client.socket.OPEN; i += 1)
        client.socket.ping(payload)
      return new Promise((resolve) => {
        server.getConnections((_error, count) => {
          resolve(count === 0)
        })
      })
    })
    client.close()
  })
})

function sessionIsGone(from: RunningGateway | null): Promise<boolean> {
  return new Promise((resolve) => {
    from?.server.getConnections((_error, count) => {
      resolve(count === 0)
    })
  })
}

test('64 requests may be under way; the next is told to come back', async () => {
  running = await runGateway()
  const release: (() => void)[] = []
  running.gateway.method('wait', { scope: null }, () => new Promise<void>((resolve) => release.push(resolve)))
  const { client } = await admittedAs(running.url, createDeviceIdentity())
  for (let i = 0; i < 65; i += 1) client.send({ type: 'req', id: `w${i}`, method: 'wait' })
  expect(await client.next()).toEqual({
    type: 'res',
    id: 'w64',
    ok: false,
    error: { code: 'UNAVAILABLE', message: 'too many requests under way', retryable: true },
  })
  for (const answer of release) answer()
  for (let i = 0; i < 64; i += 1) expect(await client.next()).toMatchObject({ ok: true })
  expect(await client.request('health')).toMatchObject({ ok: true })
  client.close()
})
