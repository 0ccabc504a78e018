import { createServer } from 'node:https'
import { connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { createGateway, memoryStore, type Gateway } from '../../lib/index.ts'
import { LOCALHOST } from './localhost-certificate.ts'
import { RawClient } from './raw-client.ts'
import { readUntil, upgradeText } from './raw-upgrade.ts'
import { listen, stop } from './running-gateway.ts'
import { signedConnect } from './signed-connect.ts'

const server = createServer(LOCALHOST)
let gateway: Gateway
let port: number

beforeAll(async () => {
  gateway = await createGateway({ store: memoryStore(), limits: { handshakeMs: 1500 } })
  gateway.attach(server, { path: '/gateway' })
  port = await listen(server)
})
afterAll(async () => {
  await gateway.close()
  await stop(server)
})

describe('over TLS', () => {
  test('a local client pairs silently: the kernel is asked about the connection below', async () => {
    const client = new RawClient(`wss://127.0.0.1:${port}/gateway`, {}, { rejectUnauthorized: false })
    const params = signedConnect(createDeviceIdentity(), await client.challenge())
    expect(await client.request('connect', params)).toMatchObject({ ok: true })
    client.close()
  })

  test('the deadline counts the time before the upgrade', async () => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
    await new Promise((resolve) => socket.once('secureConnect', resolve))
    await new Promise((resolve) => setTimeout(resolve, 1200))
    const upgradedAt = performance.now()
    socket.write(upgradeText('/gateway'))
    await readUntil(socket, 'handshake timeout')
    expect(performance.now() - upgradedAt).toBeLessThan(1200)
  })
})
