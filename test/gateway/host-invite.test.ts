import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import type { GatewayOptions } from '../../lib/index.ts'
import { runGateway, type RunningGateway } from './running-gateway.ts'
import { admittedAs, connectAs, FORWARDED } from './signed-connect.ts'

let running: RunningGateway
beforeEach(async () => {
  running = await runGateway()
})
afterEach(() => running.close())

test('the program invites in its own name, from elsewhere too', async () => {
  const made = await running.gateway.invite({
    role: 'node',
    scopes: ['photos.read'],
    label: 'camera',
    ttlMs: 60_000,
  })
  expect(Object.keys(made).sort()).toEqual(['bootstrapToken', 'expiresAtMs', 'inviteId'])
  expect(made.expiresAtMs - Date.now()).toBeLessThanOrEqual(61_000)
  const auth = { bootstrapToken: made.bootstrapToken }
  const ask = { role: 'node', scopes: ['photos.read'], auth }
  const { client } = await admittedAs(running.url, createDeviceIdentity(), ask, FORWARDED)
  const self = await client.request('device.self', {})
  expect(self.payload).toMatchObject({
    device: { roles: ['node'], grants: [{ via: 'owner', approvedBy: 'host', origin: made.inviteId }] },
  })
  client.close()
  const { answer } = await connectAs(running.url, createDeviceIdentity(), ask, FORWARDED)
  expect(answer).toMatchObject({ ok: false, error: { details: { code: 'AUTH_BOOTSTRAP_TOKEN_INVALID' } } })
})

test('a first owner is invited only where there is none, and several invitations make one owner', async () => {
  const options = { scopes: ['operator.admin'], firstOwner: true }
  const tokens = [await running.gateway.invite(options), await running.gateway.invite(options)]
  const tries = await Promise.all(
    tokens.map(({ bootstrapToken }) =>
      connectAs(
        running.url,
        createDeviceIdentity(),
        { scopes: ['operator.admin'], auth: { bootstrapToken } },
        FORWARDED,
      ),
    ),
  )
  expect(tries.filter(({ answer }) => answer.ok === true)).toHaveLength(1)
  for (const { client } of tries) client.close()
  await expect(running.gateway.invite(options)).rejects.toMatchObject({ details: { code: 'OWNER_EXISTS' } })
})

test.each<[string, object, RegExp]>([
  ['an unknown key', { scopes: [], firstowner: true }, /did you mean firstOwner/],
  ['no scopes', {}, /scopes: expected a list/],
  ['scopes that are none', { scopes: ['x y'] }, /dotted name/],
  ['an unknown role', { scopes: [], role: 'king' }, /operator, node/],
  ['a flag that is none', { scopes: [], firstOwner: 'yes' }, /true or false/],
  ['a label that is none', { scopes: [], label: 7 }, /expected a text/],
  ['a time that is too long', { scopes: [], ttlMs: 1e12 }, /a week/],
])('%s is refused', async (_title, options, message) => {
  await expect(
    running.gateway.invite(options as Parameters<typeof running.gateway.invite>[0]),
  ).rejects.toThrow(message)
})

test('a device sees itself, and nobody else', async () => {
  const identity = createDeviceIdentity()
  await admittedAs(running.url, createDeviceIdentity(), { scopes: ['operator.admin'] })
  const { client } = await admittedAs(running.url, identity, { scopes: [] })
  expect((await client.request('device.self', {})).payload).toMatchObject({
    device: { deviceId: identity.deviceId, connected: true },
  })
  expect(await client.request('device.self', { deviceId: 'x' })).toMatchObject({ ok: false })
  expect(await client.request('device.pair.list', {})).toMatchObject({
    ok: false,
    error: { code: 'FORBIDDEN' },
  })
})

test('an invitation counts for a silently paired device; a bad one does not lock it out', async () => {
  const identity = createDeviceIdentity()
  await admittedAs(running.url, identity)
  const { bootstrapToken } = await running.gateway.invite({ scopes: ['operator.read'] })
  await admittedAs(running.url, identity, { auth: { bootstrapToken: 'A'.repeat(43) } })
  await admittedAs(running.url, identity, { auth: { bootstrapToken } })
  await admittedAs(running.url, identity, {}, FORWARDED)
})

test('a bad invitation is no way around a shared secret', async () => {
  await running.close()
  const auth: GatewayOptions['auth'] = { mode: 'token', token: 'a-secret-that-all-clients-share' }
  running = await runGateway({ auth })
  const identity = createDeviceIdentity()
  await admittedAs(running.url, identity, { auth: { token: 'a-secret-that-all-clients-share' } })
  const { answer } = await connectAs(running.url, identity, { auth: { bootstrapToken: 'A'.repeat(43) } })
  expect(answer.ok).toBe(false)
})
