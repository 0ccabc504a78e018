import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { RawClient } from './raw-client.ts'
import { runGateway, type RunningGateway } from './running-gateway.ts'
import { signedConnect } from './signed-connect.ts'

let running: RunningGateway
let decide: () => void = () => undefined

// Nobody is decided on before all frames have arrived.
beforeAll(async () => {
  const held = new Promise<void>((resolve) => {
    decide = resolve
  })
  const lookup = async (): Promise<{ status: 'same-user' }> => {
    await held
    return { status: 'same-user' }
  }
  running = await runGateway({ peerLookup: { name: 'held', lookup, close: () => Promise.resolve() } })
})
afterAll(() => running.close())

/** Sends connect and `more` requests in one go. */
async function eager(more: number): Promise<RawClient> {
  const client = new RawClient(running.url)
  const params = signedConnect(createDeviceIdentity(), await client.challenge())
  client.send({ type: 'req', id: 'connect', method: 'connect', params })
  for (let i = 0; i < more; i += 1) client.send({ type: 'req', id: `e${i}`, method: 'health' })
  return client
}

describe('frames right behind connect', () => {
  test('beyond fifteen end the handshake', async () => {
    const client = await eager(16)
    expect(await client.closed).toEqual({ code: 1008, reason: 'too many frames during the handshake' })
  })

  test('that are too large end it too', async () => {
    const client = await eager(0)
    client.send(`"${'x'.repeat(16 * 1024)}"`)
    expect((await client.closed).code).toBe(1009)
  })

  test('behind a connect that is refused are not answered', async () => {
    const client = new RawClient(running.url)
    await client.challenge()
    client.send({ type: 'req', id: 'c', method: 'connect', params: {} })
    client.send({ type: 'req', id: 'e', method: 'health' })
    expect(await client.next()).toMatchObject({ id: 'c', ok: false })
    await expect(client.next()).rejects.toThrow('closed: 1008')
  })

  test('are answered after hello-ok, in their order', async () => {
    const client = await eager(15)
    // The answer to a ping comes when all frames before it have been read.
    client.socket.ping()
    await new Promise((resolve) => client.socket.once('pong', resolve))
    decide()
    expect((await client.next()).payload?.type).toBe('hello-ok')
    for (let i = 0; i < 15; i += 1) expect(await client.next()).toMatchObject({ id: `e${i}`, ok: true })
    client.close()
  })
})
