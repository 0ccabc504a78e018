import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createDeviceIdentity, type DeviceIdentity } from '../../lib/client/index.ts'
import type { PairingStore } from '../../lib/pairing/index.ts'
import { memoryStore } from '../../lib/store/index.ts'
import type { RawClient } from './raw-client.ts'
import { runGateway, until, type RunningGateway } from './running-gateway.ts'
import { admittedAs, connectAs, FORWARDED, type Ask } from './signed-connect.ts'

let running: RunningGateway
let store: PairingStore
beforeEach(async () => {
  store = memoryStore()
  running = await runGateway({ store })
})
afterEach(() => running.close())

async function knock(identity: DeviceIdentity, ask: Ask = {}): Promise<string> {
  const { client, answer } = await connectAs(running.url, identity, ask, FORWARDED)
  client.close()
  return String(answer.error?.details?.requestId)
}

const here = async (scopes: string[], identity = createDeviceIdentity()): Promise<RawClient> =>
  (await admittedAs(running.url, identity, { scopes })).client

describe('nobody approves', () => {
  test('itself, be it admin', async () => {
    const identity = createDeviceIdentity()
    const requestId = await knock(identity)
    const client = await here(['operator.admin'], identity)
    expect((await client.request('device.pair.approve', { requestId })).error).toMatchObject({
      code: 'FORBIDDEN',
      details: { code: 'SELF_APPROVAL' },
    })
    client.close()
  })

  test.each([[['operator.pairing']], [['operator.pairing', 'operator.write']]])(
    'another device with %j alone',
    async (scopes) => {
      const requestId = await knock(createDeviceIdentity())
      const client = await here(scopes)
      for (const method of ['device.pair.approve', 'device.pair.reject'])
        expect((await client.request(method, { requestId })).error).toMatchObject({
          code: 'FORBIDDEN',
          details: { code: 'MISSING_SCOPE' },
        })
      client.close()
    },
  )

  test('more than it holds', async () => {
    const requestId = await knock(createDeviceIdentity(), { scopes: ['operator.read', 'photos.read'] })
    const client = await here(['operator.admin'])
    expect((await client.request('device.pair.approve', { requestId })).error?.details).toEqual({
      code: 'MISSING_SCOPE',
      missingScope: 'photos.read',
      requiredScopes: ['photos.read'],
    })
    const wider = await here(['operator.admin', 'photos.read'])
    expect(await wider.request('device.pair.approve', { requestId })).toMatchObject({ ok: true })
    client.close()
    wider.close()
  })

  test('with rights that its device holds but this connection did not ask for', async () => {
    const identity = createDeviceIdentity()
    const admin = await here(['operator.admin'], identity)
    const modest = await here(['operator.read'], identity)
    const requestId = await knock(createDeviceIdentity())
    expect((await modest.request('device.pair.approve', { requestId })).error?.code).toBe('FORBIDDEN')
    admin.close()
    modest.close()
  })

  test('after it was demoted behind its open connection', async () => {
    const identity = createDeviceIdentity()
    const requestId = await knock(createDeviceIdentity())
    const client = await here(['operator.admin'], identity)
    await store.transaction(async (tx) => {
      for (const grant of await tx.grants(identity.deviceId)) await tx.deleteGrant(grant.id)
    })
    for (const [method, params] of [
      ['device.pair.approve', { requestId }],
      ['device.pair.reject', { requestId }],
      ['device.pair.remove', { deviceId: identity.deviceId }],
      ['device.pair.list', {}],
    ] as const)
      expect((await client.request(method, params)).error?.code).toBe('FORBIDDEN')
    client.close()
  })

  test('after it was removed: its connection is gone', async () => {
    const identity = createDeviceIdentity()
    const requestId = await knock(createDeviceIdentity())
    const removed = await here(['operator.admin'], identity)
    const other = await here(['operator.admin'])
    await other.request('device.pair.remove', { deviceId: identity.deviceId })
    await expect(removed.request('device.pair.approve', { requestId })).rejects.toThrow('closed: 4001')
    other.close()
  })
})

describe('without operator.admin a device', () => {
  test('cannot remove another, but can remove itself', async () => {
    const identity = createDeviceIdentity()
    const other = createDeviceIdentity()
    const target = await here([], other)
    const client = await here(['operator.pairing'], identity)
    expect((await client.request('device.pair.remove', { deviceId: other.deviceId })).error?.code).toBe(
      'FORBIDDEN',
    )
    await client.request('device.pair.remove', { deviceId: identity.deviceId }).catch(() => undefined)
    expect((await client.closed).code).toBe(4001)
    expect(target.socket.readyState).toBe(target.socket.OPEN)
    target.close()
  })
})

describe('events', () => {
  test('reach holders of operator.pairing, each about what it may see', async () => {
    const stranger = createDeviceIdentity()
    const admin = await here(['operator.admin'])
    const pairing = await here(['operator.pairing'])
    const writer = await here(['operator.write'])
    const own = await here(['operator.pairing'], stranger)
    const requestId = await knock(stranger, { scopes: ['operator.admin'] })
    for (const client of [admin, own])
      expect(await client.event('device.pair.requested')).toMatchObject({
        payload: { requestId, deviceId: stranger.deviceId, scopes: ['operator.admin'] },
      })
    await admin.request('device.pair.reject', { requestId })
    for (const client of [admin, own])
      // The event of the admin came before its answer and was passed over.
      if (client === own)
        expect((await client.event('device.pair.resolved')).payload).toEqual({
          requestId,
          deviceId: stranger.deviceId,
          decision: 'rejected',
          ts: expect.any(Number) as unknown,
        })
    // Nothing else is on the way: the next frame is the answer.
    for (const client of [pairing, writer]) {
      client.send({ type: 'req', id: 'last', method: 'health' })
      expect(await client.next()).toMatchObject({ type: 'res', id: 'last' })
    }
    for (const client of [admin, pairing, writer, own]) client.close()
  })

  test('tell of a request that nobody decided on in time', async () => {
    const expired: unknown[] = []
    let now = Date.now()
    const quick = await runGateway({
      clock: { now: () => now },
      onEvent: (event) => {
        if (event.kind === 'resolved') expired.push(event.decision)
      },
    })
    const identity = createDeviceIdentity()
    const { client } = await connectAs(quick.url, identity, {}, FORWARDED)
    now += 5 * 60_000
    const { client: admin } = await admittedAs(quick.url, createDeviceIdentity(), {
      scopes: ['operator.admin'],
    })
    await until(() => expired.length > 0)
    expect(expired).toEqual(['expired'])
    for (const other of [client, admin]) other.close()
    await quick.close()
  })

  test('a listener that throws breaks nothing', async () => {
    const fail = (): never => {
      throw new Error('no')
    }
    const broken = await runGateway({ onEvent: fail })
    const { answer, client } = await connectAs(broken.url, createDeviceIdentity(), {}, FORWARDED)
    expect(answer.error?.code).toBe('NOT_PAIRED')
    client.close()
    await broken.close()
  })
})
