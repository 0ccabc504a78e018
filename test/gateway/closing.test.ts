import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { RawClient } from './raw-client.ts'
import { runGateway, until, type RunningGateway } from './running-gateway.ts'
import { admittedAs } from './signed-connect.ts'

let running: RunningGateway
beforeEach(async () => {
  running = await runGateway()
})
afterEach(() => running.close())

describe('gateway.close()', () => {
  test('ends sessions and handshakes with 1012', async () => {
    const { client } = await admittedAs(running.url, createDeviceIdentity())
    const waiting = new RawClient(running.url)
    await waiting.challenge()
    await running.gateway.close()
    expect(await client.closed).toEqual({ code: 1012, reason: 'the gateway is closing' })
    expect(await waiting.closed).toEqual({ code: 1012, reason: 'the gateway is closing' })
  })

  test('can be called again', async () => {
    await Promise.all([running.gateway.close(), running.gateway.close()])
    await running.gateway.close()
  })

  test('tells handlers that are under way', async () => {
    let aborted = false
    running.gateway.method('wait', { scope: null }, ({ signal }) => {
      signal.addEventListener('abort', () => (aborted = true))
      return new Promise(() => undefined)
    })
    const { client } = await admittedAs(running.url, createDeviceIdentity())
    client.send({ type: 'req', id: 'w', method: 'wait' })
    await client.request('health')
    await running.gateway.close()
    await until(() => aborted)
  })

  test('leaves no connection behind', async () => {
    const clients = await Promise.all(
      Array.from({ length: 10 }, () => admittedAs(running.url, createDeviceIdentity())),
    )
    await running.gateway.close()
    await Promise.all(clients.map(({ client }) => client.closed))
    await new Promise<void>((resolve) => {
      running.server.close(() => {
        resolve()
      })
    })
  })
})

test('nothing is carried out for a connection that is being closed', async () => {
  const calls: string[] = []
  running.gateway.method('note', { scope: null }, ({ params }) => calls.push(String(params)))
  const { client } = await admittedAs(running.url, createDeviceIdentity())
  await client.request('note', 'before')
  const { socket } = client
  // The close of the gateway is not answered: what we send still arrives.
  ;(socket as unknown as { _receiver: { removeAllListeners(event: string): void } })._receiver.removeAllListeners('conclude') // prettier-ignore
  await running.gateway.close()
  for (let i = 0; i < 5; i += 1) client.send({ type: 'req', id: `n${i}`, method: 'note', params: 'after' })
  await client.closed
  expect(calls).toEqual(['before'])
})
