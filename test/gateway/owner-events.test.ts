import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { connectGateway, createDeviceIdentity, type GatewayConnection } from '../../lib/client/index.ts'
import { runGateway, until, type RunningGateway } from './running-gateway.ts'
import { admittedAs, connectAs, FORWARDED } from './signed-connect.ts'

type Told = { readonly event: string; readonly payload: Record<string, unknown> }

let running: RunningGateway
const open: GatewayConnection[] = []
beforeEach(async () => {
  running = await runGateway({ approval: { secondApproverFor: ['operator.write'] } })
})
afterEach(async () => {
  for (const connection of open.splice(0)) connection.close()
  await running.close()
})

/** A session with these scopes, and all that it is told but the ticks. */
async function listenAs(
  scopes: string[],
  identity = createDeviceIdentity(),
): Promise<{ connection: GatewayConnection; told: Told[]; deviceId: string }> {
  const told: Told[] = []
  const connection = await connectGateway({
    url: running.url,
    identity,
    scopes,
    onEvent: (event, payload) => {
      if (event !== 'tick') told.push({ event, payload: payload as Told['payload'] })
    },
  })
  open.push(connection)
  return { connection, told, deviceId: identity.deviceId }
}

const of = (told: readonly Told[], event: string): Told['payload'][] =>
  told.filter((one) => one.event === event).map(({ payload }) => payload)

test('an owner is told who is let in silently, who comes and goes, and who is removed', async () => {
  const owner = await listenAs(['operator.admin'])
  const identity = createDeviceIdentity()
  const { client } = await admittedAs(running.url, identity, { client: { displayName: 'Tool' } })
  const { deviceId } = identity
  const role = { deviceId, role: 'operator', scopes: ['operator.read'] }
  await until(() => of(owner.told, 'device.pair.granted').some((payload) => payload.deviceId === deviceId))
  expect(of(owner.told, 'device.pair.granted').at(-1)).toEqual({
    ...role,
    displayName: 'Tool',
    via: 'silent',
    ts: expect.any(Number) as unknown,
  })
  const presence = (): unknown[] =>
    of(owner.told, 'device.presence').flatMap((payload) => payload.devices as unknown[])
  await until(() => presence().length >= 1)
  expect(presence()).toContainEqual({ deviceId, connected: true })

  await owner.connection.request('device.token.revoke', { deviceId, role: 'operator' })
  await client.closed
  await until(() => presence().some((one) => !(one as { connected: boolean }).connected))
  expect(of(owner.told, 'device.pair.revoked')).toEqual([
    { deviceId, role: 'operator', reason: 'token revoked', ts: expect.any(Number) as unknown },
  ])
  await owner.connection.request('device.pair.remove', { deviceId })
  await until(() => of(owner.told, 'device.pair.removed').length === 1)
  expect(of(owner.told, 'device.pair.removed')[0]).toMatchObject({ deviceId })
})

test('... of names, tokens, invitations, ignored keys, a first approval and the taint', async () => {
  const owner = await listenAs(['operator.admin'])
  const identity = createDeviceIdentity()
  const { client } = await admittedAs(running.url, identity)
  client.close()
  const { deviceId } = identity
  const { connection } = owner
  await connection.request('device.pair.rename', { deviceId, label: 'Backup' })
  await connection.request('device.token.rotate', { deviceId, role: 'operator' })
  await connection.request('device.invite.create', { role: 'node', scopes: [] })
  const knocked = await connectAs(running.url, createDeviceIdentity(), { scopes: ['operator.write'] }, FORWARDED) // prettier-ignore
  const { requestId, digest } = knocked.answer.error?.details as Record<string, string>
  await connection.request('device.pair.approve', { requestId, digest })
  await connection.request('device.pair.ignore', { requestId })
  const findings = [{ check: 'taint', level: 'green', saw: 'none' }]
  await connection.request('doctor.findings.set', { findings, leftOut: 0 })
  await connection.request('locality.taint.set', { why: 'a probe came in looking local' })
  await connection.request('locality.taint.clear', {})
  await until(() => of(owner.told, 'locality.taint').length === 2)
  expect(of(owner.told, 'device.pair.changed').map(({ what }) => what)).toEqual([
    'name',
    'token',
    'invites',
    'approval',
    'ignored',
    'doctor',
  ])
  expect(of(owner.told, 'locality.taint').map(({ taint }) => taint)).toEqual([
    { sinceMs: expect.any(Number) as unknown, why: 'a probe came in looking local' },
    null,
  ])
})

test('without operator.admin a session is told of its own device alone, without operator.pairing of nothing', async () => {
  const owner = await listenAs(['operator.admin'])
  const small = await listenAs(['operator.pairing'])
  const none = await listenAs(['operator.read'])
  const other = createDeviceIdentity()
  const { client } = await admittedAs(running.url, other)
  client.close()
  await owner.connection.request('device.pair.rename', { deviceId: other.deviceId, label: 'Other' })
  await owner.connection.request('locality.taint.set', { why: 'why' })
  await owner.connection.request('device.invite.create', { role: 'node', scopes: [] })
  await owner.connection.request('device.pair.rename', { deviceId: small.deviceId, label: 'Small' })
  await until(() => small.told.length === 1)
  // What was on its way before would be here by now.
  await none.connection.request('health', {})
  expect(small.told.map(({ payload }) => payload.deviceId)).toEqual([small.deviceId])
  expect(none.told).toEqual([])
})

test('hello-ok lists each event that is sent', async () => {
  const owner = await listenAs(['operator.admin'])
  const { client } = await admittedAs(running.url, createDeviceIdentity())
  client.close()
  await until(() => owner.told.some(({ event }) => event === 'device.presence'))
  const listed = owner.connection.hello.features.events
  expect(listed).toEqual(expect.arrayContaining(owner.told.map(({ event }) => event)))
})
