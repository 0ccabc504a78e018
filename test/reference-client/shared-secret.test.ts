import { afterEach, describe, expect, it } from '@jest/globals'
import { GatewayClientRequestError, type GatewayClientOptions } from '@openclaw/gateway-client'
import { classifyGatewayConnectFailure } from '@openclaw/gateway-protocol/connect-error-details'
import type { GatewayOptions } from '../../lib/index.ts'
import { runGateway, type RunningGateway } from '../gateway/running-gateway.ts'
import { startClient, type ObservedClient } from './connected-client.ts'
import { createDevice, signedToken, type Device } from './device.ts'
import { helloProblems } from './hello-schema.ts'

const SECRET = 'the-secret-that-all-share'
const WITHOUT_DEVICE: GatewayClientOptions = { deviceIdentity: null }

const clients: ObservedClient[] = []
let running: RunningGateway
afterEach(async () => {
  const ended = clients.splice(0)
  await Promise.all(ended.map((client) => client.stop()))
  await running.close()
  for (const { hellos } of ended) for (const hello of hellos) expect(helloProblems(hello)).toEqual([])
})

async function run(mode: 'token' | 'password', limits: GatewayOptions['limits'] = {}): Promise<void> {
  const auth = mode === 'token' ? ({ mode, token: SECRET } as const) : ({ mode, password: SECRET } as const)
  running = await runGateway({ auth, limits })
}

function start(device: Device, options: GatewayClientOptions): ObservedClient {
  const client = startClient(running.port, device, options)
  clients.push(client)
  return client
}

const detailsOf = (error: Error | undefined): unknown =>
  error instanceof GatewayClientRequestError ? error.details : error

describe.each(['token', 'password'] as const)('mode %s', (mode) => {
  it('pairs a device that sends it, and lets it in with its own token afterwards', async () => {
    await run(mode)
    const device = createDevice()
    const first = start(device, { [mode]: SECRET })
    expect(await first.hello()).toMatchObject({ auth: { scopes: ['operator.admin'] } })
    const { token } = device.tokens.get('operator') ?? {}
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/)
    await first.stop()

    const second = start(device, {})
    await second.hello()
    expect(signedToken(device)).toBe(token)
    expect(second.errors).toEqual([])
  })

  it('refuses a device that sends none, or a wrong one', async () => {
    await run(mode)
    const none = start(createDevice(), {})
    await none.until(() => none.pauses.length > 0)
    expect(detailsOf(none.errors[0])).toMatchObject({ code: `AUTH_${mode.toUpperCase()}_MISSING` })
    const wrong = start(createDevice(), { [mode]: 'wrong' })
    await wrong.until(() => wrong.errors.length > 0)
    expect(detailsOf(wrong.errors[0])).toMatchObject({ code: `AUTH_${mode.toUpperCase()}_MISMATCH` })
    expect([...none.hellos, ...wrong.hellos]).toEqual([])
  })

  it('gives a client without a device the scopes that it declares, on loopback, and no token', async () => {
    await run(mode)
    const device = createDevice()
    const observed = start(device, { ...WITHOUT_DEVICE, [mode]: SECRET, scopes: ['operator.admin'] })
    const { auth } = await observed.hello()
    expect(auth).toEqual({ role: 'operator', scopes: ['operator.admin'] })
    expect(await observed.client.request('device.pair.list', {})).toEqual({ pending: [], paired: [] })
    expect(device.signed).toEqual([])
    expect(device.tokens.size).toBe(0)
  })

  it('gives it none when it is not proved to be there', async () => {
    await run(mode)
    running.peer.status = 'relay'
    const observed = start(createDevice(), { ...WITHOUT_DEVICE, [mode]: SECRET, scopes: ['operator.admin'] })
    expect((await observed.hello()).auth).toEqual({ role: 'operator', scopes: [] })
    expect(await observed.client.request('health', {})).toMatchObject({ ok: true })
    await expect(observed.client.request('device.pair.list', {})).rejects.toThrow('missing scope')
  })
})

it('tries the token of the device by itself when the shared one is wrong', async () => {
  await run('token')
  const device = createDevice()
  const first = start(device, { token: SECRET })
  await first.hello()
  await first.stop()
  const second = start(device, { token: 'it-was-changed' })
  await second.hello()
  expect(second.closes.length).toBeGreaterThan(0)
})

it('forgets the token of a device that was removed', async () => {
  await run('token')
  const device = createDevice()
  device.tokens.set('operator', { token: 'x'.repeat(43), scopes: ['operator.admin'] })
  const observed = start(device, {})
  await observed.until(() => observed.errors.length > 0)
  expect(detailsOf(observed.errors[0])).toMatchObject({ code: 'AUTH_DEVICE_TOKEN_MISMATCH' })
  expect(device.tokens.has('operator')).toBe(false)
})

it('understands that there were too many failures, and stops asking', async () => {
  await run('token', { authFailures: 1, authBlockMs: 60_000 })
  running.peer.status = 'relay'
  const first = start(createDevice(), { token: 'wrong' })
  await first.until(() => first.errors.length > 0)
  await first.stop()
  const second = start(createDevice(), { token: SECRET })
  await second.until(() => second.pauses.length > 0)
  const [error] = second.errors
  expect(detailsOf(error)).toMatchObject({ code: 'AUTH_RATE_LIMITED', authReason: 'rate_limited' })
  const failure = classifyGatewayConnectFailure({
    details: detailsOf(error),
    message: error?.message ?? null,
  })
  expect(failure).toMatchObject({ kind: 'rate-limited' })
})
