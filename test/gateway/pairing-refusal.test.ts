import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { readPairingConnectErrorDetails } from '@openclaw/gateway-protocol/connect-error-details'
import { createDeviceIdentity, type DeviceIdentity } from '../../lib/client/index.ts'
import type { Closed, WireError } from './raw-client.ts'
import { runGateway, type RunningGateway } from './running-gateway.ts'
import { admittedAs, connectAs, FORWARDED, type Ask } from './signed-connect.ts'

let running: RunningGateway
beforeEach(async () => {
  running = await runGateway()
})
afterEach(() => running.close())

/** Connects from elsewhere, where it must be refused. */
async function refused(
  identity: DeviceIdentity,
  ask: Ask = {},
): Promise<{ error: WireError; closed: Closed }> {
  const { client, answer } = await connectAs(running.url, identity, ask, FORWARDED)
  if (answer.error === undefined) throw new Error('it was let in')
  return { error: answer.error, closed: await client.closed }
}

const requestIdOf = async (identity: DeviceIdentity, ask: Ask): Promise<unknown> =>
  (await refused(identity, ask)).error.details?.requestId

describe('a stranger from elsewhere', () => {
  test('is told in full what it asked for, what to do, and why it is not local', async () => {
    const identity = createDeviceIdentity()
    const { error, closed } = await refused(identity, { scopes: ['operator.write', 'operator.read'] })
    const { requestId, digest } = error.details ?? {}
    expect(error).toEqual({
      code: 'NOT_PAIRED',
      message: 'pairing required: this device is not approved yet',
      retryable: true,
      retryAfterMs: expect.any(Number) as unknown,
      details: {
        code: 'PAIRING_REQUIRED',
        reason: 'not-paired',
        requestId: expect.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/) as unknown,
        digest: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
        deviceId: identity.deviceId,
        requestedRole: 'operator',
        requestedScopes: ['operator.read', 'operator.write'],
        remediationHint: expect.stringContaining(`latchkey approve ${String(requestId)} --digest ${String(digest)}`) as unknown, // prettier-ignore
        recommendedNextStep: 'wait_then_retry',
        retryable: true,
        retryAfterMs: expect.any(Number) as unknown,
        locality: { reason: 'forwarding-untrusted', advice: expect.any(String) as unknown },
      },
    })
    expect(closed).toEqual({
      code: 1008,
      reason: `pairing required: this device is not approved yet (requestId: ${String(requestId)})`,
    })
  })

  test('is understood by the published reader of such errors', async () => {
    const { error } = await refused(createDeviceIdentity())
    expect(readPairingConnectErrorDetails(error.details)).toMatchObject({
      reason: 'not-paired',
      requestId: error.details?.requestId,
      recommendedNextStep: 'wait_then_retry',
    })
  })

  test('leaves what it calls itself out of every decision', async () => {
    for (const client of [
      { id: 'latchkey-cli', mode: 'backend' },
      { id: 'control-ui', displayName: 'localhost' },
    ])
      expect((await refused(createDeviceIdentity(), { client })).error.code).toBe('NOT_PAIRED')
  })
})

describe('one request per device', () => {
  test('a retry that is covered keeps it', async () => {
    const identity = createDeviceIdentity()
    const first = await requestIdOf(identity, { scopes: ['operator.write', 'operator.pairing'] })
    expect(await requestIdOf(identity, { scopes: ['operator.write', 'operator.pairing'] })).toBe(first)
    expect(await requestIdOf(identity, { scopes: ['operator.read'] })).toBe(first)
    expect(await requestIdOf(identity, { scopes: [] })).toBe(first)
  })

  test('one that asks for more takes its place', async () => {
    const identity = createDeviceIdentity()
    const first = await requestIdOf(identity, { scopes: ['operator.read'] })
    const wider = await requestIdOf(identity, { scopes: ['operator.write'] })
    const node = await requestIdOf(identity, { role: 'node', scopes: [] })
    expect(new Set([first, wider, node]).size).toBe(3)
    expect(await requestIdOf(identity, { scopes: ['operator.read'] })).toBe(node)
  })

  test('one approval captures the node and the operator role', async () => {
    const owner = await admittedAs(running.url, createDeviceIdentity(), { scopes: ['operator.admin'] })
    const identity = createDeviceIdentity()
    await refused(identity, { role: 'operator', scopes: ['operator.write'] })
    const { error } = await refused(identity, { role: 'node', scopes: [] })
    const { requestId, digest } = error.details ?? {}
    expect(await owner.client.request('device.pair.approve', { requestId, digest })).toMatchObject({
      ok: true,
    })
    for (const ask of [
      { role: 'operator', scopes: ['operator.read'] },
      { role: 'node', scopes: [] },
    ]) {
      const { client } = await admittedAs(running.url, identity, ask, FORWARDED)
      client.close()
    }
    owner.client.close()
  })

  test.each<[string, Ask, object]>([
    [
      'role-upgrade',
      { role: 'node', scopes: [] },
      { approvedRoles: ['operator'], approvedScopes: [], requestedRole: 'node' },
    ],
    [
      'scope-upgrade',
      { scopes: ['operator.admin'] },
      { approvedRoles: ['operator'], approvedScopes: ['operator.read'] },
    ],
  ])('%s tells what the device holds', async (reason, ask, held) => {
    const owner = await admittedAs(running.url, createDeviceIdentity(), { scopes: ['operator.admin'] })
    const identity = createDeviceIdentity()
    const requestId = await requestIdOf(identity, { scopes: ['operator.read'] })
    await owner.client.request('device.pair.approve', { requestId })
    const { error, closed } = await refused(identity, ask)
    expect(error.details).toMatchObject({ reason, ...held })
    expect(closed.reason).toMatch(/^pairing required: .*\(requestId: [0-9a-f-]{36}\)$/)
    expect(Buffer.byteLength(closed.reason)).toBeLessThanOrEqual(120)
    owner.client.close()
  })
})

test('when too many wait, the refusal says so and names no request', async () => {
  const small = await runGateway({ limits: { maxPending: 1 } })
  const first = await connectAs(small.url, createDeviceIdentity(), {}, FORWARDED)
  const second = await connectAs(small.url, createDeviceIdentity(), {}, FORWARDED)
  expect(first.answer.error?.details).toHaveProperty('requestId')
  expect(second.answer.error?.details).not.toHaveProperty('requestId')
  expect(second.answer.error?.details?.remediationHint).toMatch(/Too many/)
  expect((await second.client.closed).reason).toBe('pairing required: this device is not approved yet')
  await small.close()
})
