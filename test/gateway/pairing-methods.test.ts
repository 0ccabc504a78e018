import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createDeviceIdentity, type DeviceIdentity } from '../../lib/client/index.ts'
import type { PairingStore } from '../../lib/pairing/index.ts'
import { memoryStore } from '../../lib/store/index.ts'
import type { Frame, RawClient } from './raw-client.ts'
import { runGateway, type RunningGateway } from './running-gateway.ts'
import { admittedAs, connectAs, FORWARDED, type Ask } from './signed-connect.ts'

let running: RunningGateway
let store: PairingStore
let owner: RawClient
const ownerIdentity = createDeviceIdentity()

beforeEach(async () => {
  store = memoryStore()
  running = await runGateway({ store })
  ;({ client: owner } = await admittedAs(running.url, ownerIdentity, { scopes: ['operator.admin'] }))
})
afterEach(async () => {
  owner.close()
  await running.close()
})

/** Asks from elsewhere; what names the request. */
async function knock(
  identity: DeviceIdentity,
  ask: Ask = {},
): Promise<{ requestId: string; digest: string }> {
  const { client, answer } = await connectAs(running.url, identity, ask, FORWARDED)
  client.close()
  const { requestId, digest } = answer.error?.details ?? {}
  return { requestId: String(requestId), digest: String(digest) }
}

const list = async (client: RawClient): Promise<Record<'pending' | 'paired', Record<string, unknown>[]>> =>
  (await client.request('device.pair.list')).payload as never

const codeOf = ({ error }: Frame): unknown => error?.details?.code ?? error?.code

describe('device.pair.list', () => {
  test('shows who waits and who is paired, to an admin', async () => {
    const stranger = createDeviceIdentity()
    const { requestId, digest } = await knock(stranger, { client: { displayName: 'Kitchen \u202e phone' } })
    const { pending, paired } = await list(owner)
    expect(pending).toEqual([
      {
        requestId,
        digest,
        deviceId: stranger.deviceId,
        publicKey: stranger.publicKey,
        displayName: 'Kitchen phone',
        platform: 'linux',
        clientId: 'test',
        clientMode: 'test',
        role: 'operator',
        roles: ['operator'],
        asks: [{ role: 'operator', scopes: ['operator.read'] }],
        scopes: ['operator.read'],
        remoteIp: '127.0.0.1',
        silent: false,
        isRepair: false,
        reason: 'not-paired',
        locality: {
          reason: 'forwarding-untrusted',
          advice: expect.any(String) as unknown,
          trace: expect.arrayContaining([
            expect.objectContaining({ rule: 'forwarding-untrusted' }),
          ]) as unknown,
        },
        hasCode: false,
        codeRequired: false,
        secondApproverRequired: false,
        ts: expect.any(Number) as unknown,
        expiresAtMs: expect.any(Number) as unknown,
      },
    ])
    expect(paired).toMatchObject([
      {
        deviceId: ownerIdentity.deviceId,
        connected: true,
        approvedVia: 'silent',
        tokens: [{ role: 'operator' }],
      },
    ])
  })

  test('shows to others only themselves', async () => {
    await knock(createDeviceIdentity())
    const identity = createDeviceIdentity()
    const { requestId } = await knock(identity, { scopes: ['operator.write'] })
    const { client } = await admittedAs(running.url, identity, { scopes: ['operator.pairing'] })
    const { pending, paired } = await list(client)
    expect(pending.map((entry) => entry.requestId)).toEqual([requestId])
    expect(paired.map((entry) => entry.deviceId)).toEqual([identity.deviceId])
    client.close()
  })

  test('needs operator.pairing, and no params', async () => {
    const { client } = await admittedAs(running.url, createDeviceIdentity(), { scopes: ['operator.write'] })
    expect((await client.request('device.pair.list')).error).toMatchObject({
      code: 'FORBIDDEN',
      details: { missingScope: 'operator.pairing' },
    })
    expect((await owner.request('device.pair.list', { more: 1 })).error?.code).toBe('INVALID_REQUEST')
    client.close()
  })
})

describe('device.pair.approve', () => {
  test('lets the device in, from anywhere, and says so again when asked again', async () => {
    const identity = createDeviceIdentity()
    const named = await knock(identity)
    const first = await owner.request('device.pair.approve', named)
    expect(first.payload).toMatchObject({
      requestId: named.requestId,
      device: { deviceId: identity.deviceId, approvedVia: 'owner', approvedScopes: ['operator.read'] },
    })
    expect((await owner.request('device.pair.approve', named)).payload).toEqual(first.payload)
    const { client } = await admittedAs(running.url, identity, {}, FORWARDED)
    client.close()
  })

  test('grants nothing when the digest is another', async () => {
    const identity = createDeviceIdentity()
    const { requestId, digest } = await knock(identity)
    const answer = await owner.request('device.pair.approve', { requestId, digest: '0'.repeat(64) })
    expect(answer.error).toMatchObject({
      code: 'REQUEST_SUPERSEDED',
      details: { code: 'REQUEST_SUPERSEDED', requestId, digest, state: 'pending' },
    })
    expect(await knock(identity)).toMatchObject({ requestId })
  })

  test('of a request that the device has widened since shows what was added, and grants nothing', async () => {
    const identity = createDeviceIdentity()
    const shown = await knock(identity)
    await knock(identity, { scopes: ['operator.admin'] })
    const latest = await knock(identity, { role: 'node', scopes: ['camera.snap'] })
    for (const named of [shown, { requestId: shown.requestId }]) {
      const { error } = await owner.request('device.pair.approve', named)
      expect(error).toMatchObject({
        code: 'REQUEST_SUPERSEDED',
        details: {
          requestId: latest.requestId,
          digest: latest.digest,
          addedRoles: ['node'],
          addedScopes: ['camera.snap', 'operator.admin'],
        },
      })
    }
    expect((await list(owner)).paired).toHaveLength(1)
  })

  test.each<[string, unknown]>([
    ['no id', {}],
    ['nothing', undefined],
    ['an id that is none', { requestId: '../x' }],
    ['"latest"', { requestId: { latest: true } }],
    ['a digest that is none', { requestId: 'x', digest: 'short' }],
    ['something more', { requestId: 'x', force: true }],
  ])('with %s is refused', async (_what, params) => {
    expect((await owner.request('device.pair.approve', params)).error?.code).toBe('INVALID_REQUEST')
  })

  test('of an unknown request is NOT_FOUND', async () => {
    expect(codeOf(await owner.request('device.pair.approve', { requestId: 'latest' }))).toBe('NOT_FOUND')
  })
})

describe('device.pair.reject', () => {
  test('ends the request; the device can ask again', async () => {
    const identity = createDeviceIdentity()
    const { requestId, digest } = await knock(identity)
    const expected = { requestId, deviceId: identity.deviceId }
    for (let i = 0; i < 2; i += 1)
      expect((await owner.request('device.pair.reject', { requestId, reason: 'no' })).payload).toEqual(
        expected,
      )
    expect(codeOf(await owner.request('device.pair.approve', { requestId, digest }))).toBe('REQUEST_SETTLED')
    expect((await knock(identity)).requestId).not.toBe(requestId)
  })

  test('after an approval is refused', async () => {
    const { requestId } = await knock(createDeviceIdentity())
    await owner.request('device.pair.approve', { requestId })
    expect(codeOf(await owner.request('device.pair.reject', { requestId }))).toBe('REQUEST_SETTLED')
  })
})

describe('device.pair.remove', () => {
  test('of oneself is answered, and then ends the connection', async () => {
    const answer = await owner.request('device.pair.remove', { deviceId: ownerIdentity.deviceId })
    expect(answer).toMatchObject({ ok: true, payload: { deviceId: ownerIdentity.deviceId } })
    expect(await owner.closed).toEqual({ code: 4001, reason: 'device removed' })
  })

  test('ends every live connection with 4001, and the device must pair anew', async () => {
    const identity = createDeviceIdentity()
    await owner.request('device.pair.approve', await knock(identity))
    const away = await admittedAs(running.url, identity, {}, FORWARDED)
    const here = await admittedAs(running.url, identity)
    const removed = await owner.request('device.pair.remove', { deviceId: identity.deviceId })
    expect(removed.payload).toEqual({ deviceId: identity.deviceId })
    for (const { client } of [away, here])
      expect(await client.closed).toEqual({ code: 4001, reason: 'device removed' })
    const again = await connectAs(running.url, identity, {}, FORWARDED)
    expect(again.answer.error?.details).toMatchObject({ reason: 'not-paired' })
    expect((await list(owner)).paired).toHaveLength(1)
  })

  test('takes its request with it', async () => {
    const identity = createDeviceIdentity()
    const { client } = await admittedAs(running.url, identity)
    const { requestId } = await knock(identity, { scopes: ['operator.admin'] })
    await owner.request('device.pair.remove', { deviceId: identity.deviceId })
    expect(codeOf(await owner.request('device.pair.approve', { requestId }))).toBe('REQUEST_SETTLED')
    client.close()
  })

  test('of an unknown device is NOT_FOUND', async () => {
    expect(codeOf(await owner.request('device.pair.remove', { deviceId: '0'.repeat(64) }))).toBe('NOT_FOUND')
    expect((await owner.request('device.pair.remove', { deviceId: 'x' })).error?.code).toBe('INVALID_REQUEST')
  })
})
