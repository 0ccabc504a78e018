import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createDeviceIdentity, type DeviceIdentity } from '../../lib/client/index.ts'
import type { PairingStore } from '../../lib/pairing/index.ts'
import { memoryStore } from '../../lib/store/index.ts'
import type { RawClient } from './raw-client.ts'
import { runGateway, type RunningGateway } from './running-gateway.ts'
import { admittedAs, connectAs, FORWARDED, type Ask } from './signed-connect.ts'

let running: RunningGateway
let store: PairingStore
let owner: RawClient

beforeEach(async () => {
  store = memoryStore()
  running = await runGateway({ store })
  const identity = createDeviceIdentity()
  await approve(identity, { scopes: ['operator.admin'] }, true)
  ;({ client: owner } = await admittedAs(running.url, identity, { scopes: ['operator.admin'] }, FORWARDED))
})
afterEach(async () => {
  owner.close()
  await running.close()
})

/** The owner approves the device from elsewhere; the first one by a local admin. */
async function approve(
  identity: DeviceIdentity,
  ask: Ask = {},
  isFirst = false,
  more: object = {},
): Promise<void> {
  const { client, answer } = await connectAs(running.url, identity, ask, FORWARDED)
  client.close()
  const { requestId, digest } = answer.error?.details ?? {}
  const by = isFirst
    ? (await admittedAs(running.url, createDeviceIdentity(), { scopes: ['operator.admin'] })).client
    : owner
  const answered = await by.request('device.pair.approve', { requestId, digest, ...more })
  expect(answered.ok).toBe(true)
  if (isFirst) by.close()
}

const isOpen = ({ socket }: RawClient): boolean => socket.readyState === socket.OPEN

describe('a live connection', () => {
  test('ends with the approval that it rests on', async () => {
    const identity = createDeviceIdentity()
    await approve(identity, {}, false, { expiresInMs: 1500 })
    const { client } = await admittedAs(running.url, identity, {}, FORWARDED)
    expect(await client.closed).toEqual({ code: 4001, reason: 'approval has expired' })
    const again = await connectAs(running.url, identity, {}, FORWARDED)
    expect(again.answer.error?.code).toBe('NOT_PAIRED')
    again.client.close()
  })

  test('does not end with an approval that it does not need', async () => {
    const identity = createDeviceIdentity()
    await approve(identity)
    await approve(identity, { scopes: ['operator.write'] }, false, { expiresInMs: 1000 })
    const lasting = await admittedAs(running.url, identity, {}, FORWARDED)
    const passing = await admittedAs(running.url, identity, { scopes: ['operator.write'] }, FORWARDED)
    expect(await passing.client.closed).toMatchObject({ code: 4001 })
    expect(await lasting.client.request('health')).toMatchObject({ ok: true })
    lasting.client.close()
  })

  test('of a device whose silent grants are undone ends with 4001; others stay', async () => {
    const silent = await admittedAs(running.url, createDeviceIdentity())
    const approved = createDeviceIdentity()
    await approve(approved)
    const far = await admittedAs(running.url, approved, {}, FORWARDED)
    const answer = await owner.request('device.grants.undo', { sinceMs: 0 })
    expect(answer.payload?.grants).toHaveLength(2)
    expect(await silent.client.closed).toEqual({ code: 4001, reason: 'silent grants undone' })
    expect(await far.client.request('health')).toMatchObject({ ok: true })
    expect(isOpen(owner)).toBe(true)
    far.client.close()
  })

  test.each([
    ['revoked', 'device.token.revoke', {}, 'token revoked'],
    ['cut down', 'device.token.rotate', { scopes: [] }, 'scopes reduced'],
  ])(
    'in the role that is %s ends with 4001; one in another role stays',
    async (_what, method, more, reason) => {
      const identity = createDeviceIdentity()
      await approve(identity)
      await approve(identity, { role: 'node', scopes: [] })
      const operator = await admittedAs(running.url, identity, {}, FORWARDED)
      const node = await admittedAs(running.url, identity, { role: 'node', scopes: [] }, FORWARDED)
      const params = { deviceId: identity.deviceId, role: 'operator', ...more }
      expect(await owner.request(method, params)).toMatchObject({ ok: true })
      expect(await operator.client.closed).toEqual({ code: 4001, reason })
      expect(await node.client.request('health')).toMatchObject({ ok: true })
      node.client.close()
    },
  )
})

describe('an ignored device', () => {
  test('is told the words of a gateway that is full, and nobody hears of it', async () => {
    const full = await runGateway({ limits: { maxPending: 1 } })
    const first = await connectAs(full.url, createDeviceIdentity(), {}, FORWARDED)
    const second = await connectAs(full.url, createDeviceIdentity(), {}, FORWARDED)

    const identity = createDeviceIdentity()
    const knocked = await connectAs(running.url, identity, {}, FORWARDED)
    await owner.request('device.pair.ignore', { requestId: knocked.answer.error?.details?.requestId })
    const { client, answer } = await connectAs(running.url, identity, {}, FORWARDED)
    const told = ({ error }: typeof answer): unknown => ({
      ...error,
      details: { ...error?.details, deviceId: 'x' },
    })
    expect(told(answer)).toEqual(told(second.answer))
    expect(await client.closed).toEqual(await second.client.closed)
    owner.send({ type: 'req', id: 'last', method: 'health' })
    const heard = await owner.find((frame) => frame.id === 'last' || frame.payload?.deviceId === 'none')
    expect(heard.id).toBe('last')
    expect(await store.transaction((tx) => tx.pendingRequestOf(identity.deviceId))).toBeNull()
    const near = await admittedAs(running.url, identity)
    for (const one of [first.client, knocked.client, near.client]) one.close()
    await full.close()
  })
})
