import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createDeviceIdentity, type DeviceIdentity } from '../../../lib/client/index.ts'
import { newClientNonce, proveLocalSecret } from '../../../lib/client/node/local-secret-proof.ts'
import { clientChannel } from '../../../lib/evidence/connection-channel.ts'
import { CLIENT_NONCE_HEADER } from '../../../lib/protocol/index.ts'
import { RawClient } from '../raw-client.ts'
import { runGateway, type RunningGateway } from '../running-gateway.ts'
import { FORWARDED, signedConnect } from '../signed-connect.ts'

let here: RunningGateway
let there: RunningGateway
beforeEach(async () => {
  here = await runGateway()
  there = await runGateway()
  // Only the local secret makes anybody local.
  here.peer.status = 'unproven'
  there.peer.status = 'unproven'
})
afterEach(async () => {
  await here.close()
  await there.close()
})

type Recorded = ReturnType<typeof signedConnect> & { localProof: string; verification: { nonce: string } }

/** A connection, and the good connect that its own client sends on it. */
async function recording(identity: DeviceIdentity, { url }: RunningGateway) {
  const clientNonce = newClientNonce()
  const client = new RawClient(url, { [CLIENT_NONCE_HEADER]: clientNonce })
  let channel: string | null = null
  client.socket.on('upgrade', ({ socket }) => {
    channel = clientChannel(socket)
  })
  const { payload = {} } = await client.event('connect.challenge')
  const localProof = proveLocalSecret(payload, clientNonce, identity.deviceId, channel, undefined)
  if (localProof === null) throw new Error('the gateway offers no proof')
  const signed = signedConnect(identity, String(payload.nonce))
  const recorded: Recorded = { ...signed, localProof, verification: { nonce: newClientNonce() } }
  return { client, clientNonce, recorded }
}

async function replay(params: object, to: RunningGateway, headers: Record<string, string> = {}) {
  const client = new RawClient(to.url, headers)
  const nonce = await client.challenge()
  const answer = await client.request('connect', params)
  return { client, nonce, answer }
}

describe('threat 5: a recorded good connect, with local proof and verification nonce', () => {
  test('is good where it was made', async () => {
    const { client, recorded } = await recording(createDeviceIdentity(), here)
    expect(await client.request('connect', recorded)).toMatchObject({ ok: true })
    client.close()
  })

  test('is refused a second time on the same socket, also when both come at once', async () => {
    const unknown = { code: 'INVALID_REQUEST', message: 'unknown method: "connect"' }
    const { client, recorded } = await recording(createDeviceIdentity(), here)
    client.send({ type: 'req', id: 'one', method: 'connect', params: recorded })
    client.send({ type: 'req', id: 'two', method: 'connect', params: recorded })
    expect(await client.find(({ id }) => id === 'one')).toMatchObject({ ok: true })
    expect(await client.find(({ id }) => id === 'two')).toMatchObject({ ok: false, error: unknown })
    expect(await client.request('connect', recorded)).toMatchObject({ error: unknown })
    client.close()
  })

  test('is refused after a refusal on the same socket: that is closed', async () => {
    const { client, recorded } = await recording(createDeviceIdentity(), here)
    const changed = { ...recorded, scopes: ['operator.admin'] }
    client.send({ type: 'req', id: 'one', method: 'connect', params: changed })
    client.send({ type: 'req', id: 'two', method: 'connect', params: recorded })
    expect(await client.next()).toMatchObject({ id: 'one', ok: false })
    await expect(client.next()).rejects.toThrow('closed: 1008')
  })

  test.each([
    ['as it was', {}],
    ['with the header of the recorded connection', 'header'],
    ['from elsewhere', FORWARDED],
  ])('is refused on a new socket and by another gateway: %s', async (_what, how) => {
    const { client, clientNonce, recorded } = await recording(createDeviceIdentity(), here)
    expect(await client.request('connect', recorded)).toMatchObject({ ok: true })
    const headers = typeof how === 'string' ? { [CLIENT_NONCE_HEADER]: clientNonce } : how
    for (const gateway of [here, there]) {
      const again = await replay(recorded, gateway, headers)
      expect(again.answer.error).toMatchObject({
        code: 'INVALID_REQUEST',
        details: { code: 'DEVICE_AUTH_NONCE_MISMATCH' },
      })
      expect((await again.client.closed).code).toBe(1008)
    }
    client.close()
  })

  test('is refused with the nonce of the new challenge put in: the signature is of the old', async () => {
    const { client, recorded } = await recording(createDeviceIdentity(), here)
    for (const gateway of [here, there]) {
      const other = new RawClient(gateway.url)
      const nonce = await other.challenge()
      const params = { ...recorded, device: { ...recorded.device, nonce } }
      const { error } = await other.request('connect', params)
      expect(error?.details).toEqual({ code: 'DEVICE_AUTH_SIGNATURE_INVALID' })
    }
    client.close()
  })

  test('its local proof makes nobody local, neither its own device on a new socket nor another one', async () => {
    const identity = createDeviceIdentity()
    const { client, clientNonce, recorded } = await recording(identity, here)
    const { localProof, verification } = recorded
    for (const device of [identity, createDeviceIdentity()]) {
      for (const gateway of [here, there]) {
        const other = new RawClient(gateway.url, { [CLIENT_NONCE_HEADER]: clientNonce })
        const params = { ...signedConnect(device, await other.challenge()), localProof, verification }
        expect((await other.request('connect', params)).error).toMatchObject({
          code: 'NOT_PAIRED',
          details: { locality: { reason: 'peer-unproven' } },
        })
      }
    }
    client.close()
  })

  test('its verification nonce does not bring back its code', async () => {
    const identity = createDeviceIdentity()
    const verification = { nonce: newClientNonce() }
    const reveals: unknown[] = []
    for (const gateway of [here, there]) {
      const client = new RawClient(gateway.url, FORWARDED)
      const params = { ...signedConnect(identity, await client.challenge()), verification }
      const { error } = await client.request('connect', params)
      reveals.push((error?.details?.verification as { gatewayNonce?: string }).gatewayNonce)
    }
    expect(reveals[0]).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(reveals[1]).not.toBe(reveals[0])
  })
})
