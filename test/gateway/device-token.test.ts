import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createDeviceIdentity, type DeviceIdentity } from '../../lib/client/index.ts'
import { runGateway, type RunningGateway } from './running-gateway.ts'
import { admittedAs, connectAs, FORWARDED, type Ask } from './signed-connect.ts'

let running: RunningGateway
beforeEach(async () => {
  running = await runGateway()
})
afterEach(() => running.close())

async function tokenOf(identity: DeviceIdentity, ask: Ask = {}): Promise<string> {
  const { client, hello } = await admittedAs(running.url, identity, ask)
  client.close()
  return String((hello.auth as Record<string, unknown>).deviceToken)
}

describe('a device token', () => {
  test('is given once per role: 32 bytes as base64url', async () => {
    const identity = createDeviceIdentity()
    const first = await tokenOf(identity)
    expect(Buffer.from(first, 'base64url')).toHaveLength(32)
    const again = await admittedAs(running.url, identity)
    expect(again.hello.auth).not.toHaveProperty('deviceToken')
    expect(await tokenOf(identity, { role: 'node', scopes: [] })).not.toBe(first)
    again.client.close()
  })

  test.each(['deviceToken', 'token'] as const)('is accepted as auth.%s', async (field) => {
    const identity = createDeviceIdentity()
    const auth = { [field]: await tokenOf(identity) }
    const { client } = await admittedAs(running.url, identity, { auth })
    client.close()
  })

  test.each<[string, (own: DeviceIdentity) => Promise<string>]>([
    ['made up', () => Promise.resolve('A'.repeat(43))],
    ['empty', () => Promise.resolve('')],
    ['of another device', () => tokenOf(createDeviceIdentity())],
    ['of another role', (own) => tokenOf(own, { role: 'node', scopes: [] })],
  ])('that is %s is refused', async (_what, make) => {
    const identity = createDeviceIdentity()
    await tokenOf(identity)
    const deviceToken = await make(identity)
    const { client, answer } = await connectAs(running.url, identity, { auth: { deviceToken } })
    expect(answer.error).toEqual({
      code: 'INVALID_REQUEST',
      message: 'unauthorized: device token mismatch',
      details: {
        code: 'AUTH_DEVICE_TOKEN_MISMATCH',
        authReason: 'device_token_mismatch',
        canRetryWithDeviceToken: false,
        recommendedNextStep: 'update_auth_credentials',
      },
    })
    expect((await client.closed).code).toBe(1008)
  })

  test('that was stolen is worth nothing with another key', async () => {
    const auth = { deviceToken: await tokenOf(createDeviceIdentity(), { scopes: ['operator.admin'] }) }
    const { client, answer } = await connectAs(running.url, createDeviceIdentity(), { auth }, FORWARDED)
    expect(answer.error?.code).toBe('NOT_PAIRED')
    client.close()
  })

  test('and its hash are in no listing', async () => {
    const identity = createDeviceIdentity()
    const token = await tokenOf(identity, { scopes: ['operator.admin'] })
    const { client } = await admittedAs(running.url, identity, { scopes: ['operator.admin'] })
    const listed = JSON.stringify(await client.request('device.pair.list'))
    expect(listed).not.toContain(token)
    expect(listed).not.toMatch(/"hash"/)
    client.close()
  })
})
