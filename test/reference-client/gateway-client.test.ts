import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { GatewayClientRequestError, type GatewayClientOptions } from '@openclaw/gateway-client'
import {
  classifyGatewayConnectFailure,
  normalizePairingConnectRequestId,
  readConnectPairingRequiredMessage,
  readPairingConnectErrorDetails,
} from '@openclaw/gateway-protocol/connect-error-details'
import { startGateways, type GatewaySetup, type Gateways } from '../proxies/gateways.ts'
import { NGINX_RECIPES } from '../proxies/nginx-recipes.ts'
import { startNginx, type Nginx } from '../proxies/nginx.ts'
import { describeWith } from '../proxies/required-programs.ts'
import { startClient, type ObservedClient } from './connected-client.ts'
import { createDevice, signedToken, type Device } from './device.ts'
import { helloProblems } from './hello-schema.ts'

const NODE_HOST: GatewayClientOptions = { role: 'node', mode: 'node', clientName: 'node-host', scopes: [] }
const WITHOUT_SCOPES: GatewayClientOptions = { role: 'node', mode: 'node', clientName: 'node-host' }
const TALKATIVE: GatewayClientOptions = {
  ...NODE_HOST,
  clientDisplayName: 'Küche | 台所, "n" 1',
  clientVersion: '2026.9.1',
  clientBuildId: 'b1',
  platform: ' MacOS ',
  deviceFamily: 'Mac Mini',
  instanceId: 'i-1',
  caps: ['canvas', 'camera'],
  commands: ['system.run'],
  permissions: { 'camera.capture': true },
  pathEnv: '/usr/bin:/bin',
}
const OTHER_NODE: GatewayClientOptions = { ...NODE_HOST, clientName: 'gateway-client' }

const folder = mkdtempSync(path.join(tmpdir(), 'reference-client-'))
const storeFile = path.join(folder, 'latchkey.db')
const clients: ObservedClient[] = []
let gateways: Gateways

beforeAll(async () => {
  gateways = await startGateways([
    { locality: {}, storeFile },
    { locality: {}, limits: { tickMs: 500 } },
    { locality: { trustProxy: ['loopback'] } },
  ])
})
afterEach(async () => {
  const ended = clients.splice(0)
  await Promise.all(ended.map((client) => client.stop()))
  for (const { hellos } of ended) for (const hello of hellos) expect(helloProblems(hello)).toEqual([])
})
afterAll(async () => {
  await gateways.stop()
  rmSync(folder, { recursive: true, force: true })
})

function portOf(gateway: number): number {
  return gateways.served[gateway]?.port ?? 0
}

function start(port: number, device: Device, options: GatewayClientOptions = {}): ObservedClient {
  const client = startClient(port, device, options)
  clients.push(client)
  return client
}

describe('on the machine of the gateway', () => {
  it('is paired silently with what it asks for by default, and calls', async () => {
    const device = createDevice()
    const observed = start(portOf(0), device)
    const hello = await observed.hello()

    expect(hello).toMatchObject({ protocol: 4, auth: { role: 'operator', scopes: ['operator.admin'] } })
    expect(hello.auth.deviceToken).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(device.tokens.get('operator')).toEqual({
      token: hello.auth.deviceToken,
      scopes: ['operator.admin'],
    })
    expect(await observed.client.request('health', {})).toMatchObject({ ok: true })
    expect(observed.errors).toEqual([])
  })

  it('connects again with the token that it stored', async () => {
    const device = createDevice()
    const first = start(portOf(0), device)
    await first.hello()
    expect(signedToken(device)).toBe('')
    await first.stop()

    const second = start(portOf(0), device)
    const { auth } = await second.hello()
    expect(signedToken(device)).toBe(device.tokens.get('operator')?.token)
    expect(auth).toEqual({ role: 'operator', scopes: ['operator.admin'] })
    expect(await second.client.request('health', {})).toMatchObject({ ok: true })
    expect([...first.errors, ...second.errors]).toEqual([])
  })

  it('is refused with a token that is not its own, and forgets it', async () => {
    const device = createDevice()
    await start(portOf(0), device).hello()
    device.tokens.set('operator', { token: 'x'.repeat(43), scopes: ['operator.admin'] })

    const refused = start(portOf(0), device)
    await refused.until(() => refused.closes.length > 0)
    expect(detailsOf(refused.errors[0])).toMatchObject({ code: 'AUTH_DEVICE_TOKEN_MISMATCH' })
    expect(refused.closes[0]).toEqual({
      code: 1008,
      reason: expect.stringContaining('device token mismatch'),
    })
    expect(device.tokens.has('operator')).toBe(false)

    const next = start(portOf(0), device)
    await next.hello()
    expect(signedToken(device)).toBe('')
  })

  it('may carry a shared token for which the gateway has no use', async () => {
    const device = createDevice()
    for (let time = 1; time <= 2; time += 1) {
      const observed = start(portOf(0), device, { token: 'from-the-environment' })
      await observed.hello()
      expect(signedToken(device)).toBe('from-the-environment')
      expect(observed.errors).toEqual([])
      await observed.stop()
    }
  })

  it('survives a restart of the gateway with its store and its token', async () => {
    const file = path.join(folder, 'restarted.db')
    const setup: GatewaySetup = { locality: {}, storeFile: file }
    const before = await startGateways([setup])
    const port = before.served[0]?.port ?? 0
    const device = createDevice()
    const observed = start(port, device)
    await observed.hello()
    const token = device.tokens.get('operator')?.token
    await before.stop()
    await observed.until(() => observed.closes.length > 0)
    expect(observed.closes[0]?.code).toBe(1012)

    const after = await startGateways([{ ...setup, port }])
    try {
      const { auth } = await observed.hello(1)
      expect(auth).toEqual({ role: 'operator', scopes: ['operator.admin'] })
      expect(signedToken(device)).toBe(token)
      expect(await observed.client.request('health', {})).toMatchObject({ ok: true })
    } finally {
      await observed.stop()
      await after.stop()
    }
  })

  it('widens its scopes one after the other and never meets a prompt', async () => {
    const device = createDevice()
    for (const scope of [
      'operator.read',
      'operator.write',
      'operator.pairing',
      'operator.approvals',
      'operator.admin',
    ]) {
      const observed = start(portOf(0), device, { scopes: [scope] })
      const { auth } = await observed.hello()
      expect(auth).toMatchObject({ role: 'operator', scopes: [scope] })
      expect(await observed.client.request('health', {})).toMatchObject({ ok: true })
      expect(observed.errors).toEqual([])
      await observed.stop()
    }
  })

  it('is told which scope a method needs', async () => {
    const observed = start(portOf(0), createDevice(), { scopes: ['operator.read'] })
    await observed.hello()
    const error: unknown = await observed.client
      .request('device.pair.list', {})
      .catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(GatewayClientRequestError)
    expect(error).toMatchObject({
      gatewayCode: 'FORBIDDEN',
      details: { code: 'MISSING_SCOPE', missingScope: 'operator.pairing' },
    })
  })

  it.each([
    { title: 'the built-in node host', options: NODE_HOST, protocol: 4 },
    { title: 'a node host that asks for the default scopes', options: WITHOUT_SCOPES, protocol: 4 },
    { title: 'a node host that tells all about itself', options: TALKATIVE, protocol: 4 },
    { title: 'another node, from version 3 to 4', options: OTHER_NODE, protocol: 4 },
    { title: 'a node of version 3', options: { ...OTHER_NODE, minProtocol: 3, maxProtocol: 3 }, protocol: 3 },
    {
      title: 'a node host of version 3',
      options: { ...NODE_HOST, minProtocol: 3, maxProtocol: 3 },
      protocol: 3,
    },
  ])('agrees on a protocol as $title', async ({ options, protocol }) => {
    const device = createDevice()
    const observed = start(portOf(0), device, options)
    expect(await observed.hello()).toMatchObject({ protocol, auth: { role: 'node', scopes: [] } })
    expect(device.tokens.has('node')).toBe(true)
    expect(await observed.client.request('health', {})).toMatchObject({ ok: true })
    expect([observed.errors, observed.closes]).toEqual([[], []])
  })

  it('is a node besides an operator, each with a token of its own', async () => {
    const device = createDevice()
    const operator = start(portOf(0), device, { scopes: ['operator.write'] })
    await operator.hello()
    const node = start(portOf(0), device, NODE_HOST)
    expect(await node.hello()).toMatchObject({ auth: { role: 'node' } })
    expect(node.errors).toEqual([])
    expect(device.tokens.get('node')?.token).not.toBe(device.tokens.get('operator')?.token)
  })

  it('is refused when it speaks only versions to come', async () => {
    const observed = start(portOf(0), createDevice(), { minProtocol: 5, maxProtocol: 6 })
    await observed.until(() => observed.pauses.length > 0)
    expect(detailsOf(observed.errors[0])).toMatchObject({ code: 'PROTOCOL_MISMATCH', expectedProtocol: 4 })
    expect(observed.closes[0]?.code).toBe(1002)
  })

  it('is refused before the 101 when it acts for a page of another origin', async () => {
    const observed = start(portOf(0), createDevice(), { origin: 'https://elsewhere.example' })
    await observed.until(() => observed.errors.length > 0)
    expect(detailsOf(observed.errors[0])).toMatchObject({ httpStatus: 403 })
    expect(observed.hellos).toEqual([])
  })

  it('is kept alive by ticks', async () => {
    const watch = { tickWatchMinIntervalMs: 100, tickWatchTimeoutMs: 2000 }
    const observed = start(portOf(1), createDevice(), watch)
    const { policy } = await observed.hello()
    expect(policy.tickIntervalMs).toBe(500)
    await observed.until(() => observed.ticks.length >= 6)
    expect(observed.ticks[0]).toEqual({ ts: expect.any(Number) })
    expect([observed.errors, observed.closes, observed.hellos.length]).toEqual([[], [], 1])
  })

  it('would have gone without ticks', async () => {
    const observed = start(portOf(0), createDevice(), { tickWatchMinIntervalMs: 100 })
    const { policy } = await observed.hello()
    expect(policy.tickIntervalMs).toBe(30_000)
    const impatient = start(portOf(1), createDevice(), { tickWatchTimeoutMs: 1 })
    await impatient.until(() => impatient.closes.length > 0)
    expect(impatient.closes[0]).toEqual({ code: 4000, reason: 'tick timeout' })
  })
})

describeWith(['nginx'], 'behind nginx', () => {
  let nginx: Nginx

  beforeAll(async () => {
    const upstream = gateways.served[2]
    const right = NGINX_RECIPES.find(({ isRight }) => isRight)
    if (upstream === undefined || right === undefined) throw new Error('no gateway, or no recipe')
    nginx = await startNginx({
      user: 'www-data',
      servers: [right.server(upstream)],
      addresses: ['127.0.0.1'],
    })
  })
  afterAll(() => nginx.stop())

  it('waits for the owner, and connects by itself after the approval', async () => {
    const device = createDevice()
    const visitor = start(nginx.ports[0] ?? 0, device, { scopes: ['operator.read'] })
    await visitor.until(() => visitor.errors.length > 0 && visitor.closes.length > 0)

    const [error] = visitor.errors
    expect(error).toMatchObject({ gatewayCode: 'NOT_PAIRED' })
    const details = readPairingConnectErrorDetails(detailsOf(error))
    expect(details).toMatchObject({
      code: 'PAIRING_REQUIRED',
      reason: 'not-paired',
      recommendedNextStep: 'wait_then_retry',
      retryable: true,
      deviceId: device.identity.deviceId,
      requestedRole: 'operator',
      requestedScopes: ['operator.read'],
    })
    const requestId = details?.requestId
    expect(requestId).toBeDefined()
    expect(normalizePairingConnectRequestId(requestId)).toBe(requestId)
    expect(failureOf(error)).toMatchObject({ kind: 'pairing-required' })
    expect(visitor.closes[0]?.code).toBe(1008)
    expect(readConnectPairingRequiredMessage(visitor.closes[0]?.reason)).toEqual({
      requestId,
      reason: 'not-paired',
    })
    expect(visitor.pauses).toEqual([])

    const owner = start(portOf(2), createDevice())
    await owner.hello()
    const { digest } = detailsOf(error) as { digest?: string }
    const approved = await owner.client.request('device.pair.approve', { requestId, digest })
    expect(approved).toMatchObject({ requestId, device: { deviceId: device.identity.deviceId } })

    expect(await visitor.hello()).toMatchObject({ auth: { role: 'operator', scopes: ['operator.read'] } })
    expect(await visitor.client.request('health', {})).toMatchObject({ ok: true })
  })

  it('is refused there although it was paired silently on the machine, and says so', async () => {
    const device = createDevice()
    await start(portOf(2), device, { scopes: ['operator.read'] }).hello()
    const away = start(nginx.ports[0] ?? 0, device, { scopes: ['operator.read'] })
    await away.until(() => away.errors.length > 0)
    expect(detailsOf(away.errors[0])).toMatchObject({ code: 'PAIRING_REQUIRED', reason: 'remote-use' })
    const read = readPairingConnectErrorDetails(detailsOf(away.errors[0]))
    expect(normalizePairingConnectRequestId(read?.requestId)).toBeDefined()
    expect(failureOf(away.errors[0])).toMatchObject({ kind: 'pairing-required' })
    expect(away.hellos).toEqual([])
  })
})

it('the gateways have nothing to complain about', () => {
  expect(gateways.complaints()).toBe('')
})

function detailsOf(error: Error | undefined): unknown {
  if (error instanceof GatewayClientRequestError) return error.details
  throw error ?? new Error('there was no error')
}

function failureOf(error: Error | undefined): ReturnType<typeof classifyGatewayConnectFailure> {
  return classifyGatewayConnectFailure({ details: detailsOf(error), message: error?.message ?? null })
}
