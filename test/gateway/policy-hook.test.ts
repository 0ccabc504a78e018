import { afterEach, describe, expect, test } from '@jest/globals'
import { createDeviceIdentity, type DeviceIdentity } from '../../lib/client/index.ts'
import type { PolicyAnswer, PolicyHook, PolicyRequest } from '../../lib/gateway/approve-by-policy.ts'
import type { GatewayOptions } from '../../lib/gateway/options.ts'
import type { PairingStore } from '../../lib/pairing/index.ts'
import { memoryStore } from '../../lib/store/index.ts'
import { RawClient } from './raw-client.ts'
import { runGateway, until, type RunningGateway } from './running-gateway.ts'
import { connectAs, FORWARDED, signedConnect, type Ask } from './signed-connect.ts'

let running: RunningGateway | null = null
let store: PairingStore
const errors: string[] = []

async function start(approve: PolicyHook, options: Partial<GatewayOptions> = {}): Promise<void> {
  store = memoryStore()
  errors.length = 0
  const logger = {
    info: () => undefined,
    warn: () => undefined,
    error: (message: string) => errors.push(message),
  }
  running = await runGateway({ store, approve, logger, ...options })
}
afterEach(async () => {
  await running?.close()
  running = null
})

async function knock(identity: DeviceIdentity, ask: Ask = { scopes: ['operator.write'] }) {
  const { client, answer } = await connectAs(running?.url ?? '', identity, ask, FORWARDED)
  client.close()
  return answer
}
const grantsOf = (identity: DeviceIdentity) => store.transaction((tx) => tx.grants(identity.deviceId))
const pendingOf = (identity: DeviceIdentity) =>
  store.transaction((tx) => tx.pendingRequestOf(identity.deviceId))

/** The client waits, its request is the owner's to decide on, and nothing was granted. */
async function expectAsked(identity: DeviceIdentity, ask?: Ask): Promise<void> {
  const answer = await knock(identity, ask)
  expect(answer.error?.code).toBe('NOT_PAIRED')
  expect(await grantsOf(identity)).toEqual([])
  expect((await pendingOf(identity))?.id).toBe(answer.error?.details?.requestId)
}

const connectionsOf = (on: RunningGateway | null): Promise<number> =>
  new Promise((resolve) => on?.server.getConnections((_error, count) => resolve(count)))

const never = new Promise<never>(() => undefined)
const throwing = (name: string) =>
  Object.defineProperty({ decision: 'approve' }, name, {
    enumerable: true,
    get: () => {
      throw new Error('a getter that throws')
    },
  })

describe('threat 22: the app’s own rule leaves a request to the owner when it', () => {
  test.each<[string, () => unknown]>([
    ['throws', () => { throw new Error('no') }], // prettier-ignore
    ['rejects', () => Promise.reject(new Error('no'))],
    ['never answers', () => never],
    ['answers with a thenable that never settles', () => ({ then: () => undefined })],
    ['answers with a thenable that throws', () => ({ then: () => { throw new Error('no') } })], // prettier-ignore
    ['answers undefined', () => undefined],
    ['answers null', () => null],
    ['answers true', () => true],
    ['answers 1', () => 1],
    ['answers an empty text', () => ''],
    ['answers "Approve"', () => 'Approve'],
    ['answers {}', () => ({})],
    ['answers []', () => []],
    ['answers ["approve"]', () => ['approve']],
    ['answers a String object', () => new String('approve')],
    ['answers a function', () => () => 'approve'],
    ['answers { approve: true }', () => ({ approve: true })],
    ['rejects in an object', () => ({ decision: 'reject' })],
    ['names scopes as a text', () => ({ decision: 'approve', scopes: 'operator.read' })],
    ['names scopes that are none', () => ({ decision: 'approve', scopes: [1] })],
    ['names scopes as an object', () => ({ decision: 'approve', scopes: { 0: 'operator.read', length: 1 } })],
    ['names null scopes', () => ({ decision: 'approve', scopes: null })],
    ['names more scopes than asked for', () => ({ decision: 'approve', scopes: ['operator.read', 'operator.admin'] })], // prettier-ignore
    ['names a pattern', () => ({ decision: 'approve', scopes: ['operator.*'] })],
    ['names a role that was not asked for', () => ({ decision: 'approve', roles: ['node'] })],
    ['names no role', () => ({ decision: 'approve', roles: [] })],
    ['gives a time that is none', () => ({ decision: 'approve', expiresInMs: 'soon' })],
    ['gives NaN as time', () => ({ decision: 'approve', expiresInMs: Number.NaN })],
    ['gives a time of nothing', () => ({ decision: 'approve', expiresInMs: 0 })],
    ['says more than it may', () => ({ decision: 'approve', forEverybody: true })],
    ['has a getter that throws', () => throwing('scopes')],
    ['has another getter that throws', () => throwing('more')],
    ['answers with a proxy that throws', () => new Proxy({}, { get: () => { throw new Error('no') } })], // prettier-ignore
  ])('%s', async (_what, answer) => {
    await start(answer as unknown as PolicyHook, { limits: { policyMs: 50 } })
    await expectAsked(createDeviceIdentity())
    expect(errors).toHaveLength(1)
  })

  test('answers "ask", which is no fault', async () => {
    await start(() => 'ask')
    await expectAsked(createDeviceIdentity())
    expect(errors).toEqual([])
  })

  test('changes what it was given: what is granted is what was asked for', async () => {
    await start((request) => {
      const { verified } = request as unknown as {
        verified: { asks: { role: string; scopes: string[] }[]; deviceId: string }
      }
      verified.asks[0]?.scopes.push('operator.admin')
      verified.asks.push({ role: 'node', scopes: [] })
      verified.deviceId = '0'.repeat(64)
      Object.assign(request, { requestId: 'x', digest: 'y' })
      return 'approve'
    })
    const identity = createDeviceIdentity()
    expect((await knock(identity)).ok).toBe(true)
    expect(await grantsOf(identity)).toMatchObject([{ role: 'operator', scopes: ['operator.write'] }])
  })

  test('answers too late: its answer is worth nothing', async () => {
    let answerLate: (answer: PolicyAnswer) => void = () => undefined
    await start(() => new Promise((resolve) => (answerLate = resolve)), { limits: { policyMs: 50 } })
    const identity = createDeviceIdentity()
    await expectAsked(identity)
    answerLate('approve')
    await new Promise((resolve) => setImmediate(resolve))
    expect(await grantsOf(identity)).toEqual([])
    expect(await pendingOf(identity)).toMatchObject({ state: 'pending' })
  })

  test('hangs for one device: others connect meanwhile', async () => {
    const poison = createDeviceIdentity()
    await start((request) => (request.verified.deviceId === poison.deviceId ? never : 'approve'), { limits: { policyMs: 3000 } }) // prettier-ignore
    const stuck = knock(poison)
    await until(async () => (await pendingOf(poison)) !== null)
    for (let i = 0; i < 5; i += 1) expect((await knock(createDeviceIdentity())).ok).toBe(true)
    expect((await stuck).error?.code).toBe('NOT_PAIRED')
  })
})

describe('threat 22: the deadline of the handshake', () => {
  test('is kept, whatever the rule takes', async () => {
    await start(() => never, { limits: { handshakeMs: 300, policyMs: 60_000 } })
    const client = new RawClient(running?.url ?? '', FORWARDED)
    const identity = createDeviceIdentity()
    const nonce = await client.challenge()
    client.request('connect', signedConnect(identity, nonce)).catch(() => undefined)
    expect(await client.closed).toEqual({ code: 1008, reason: 'handshake timeout' })
    expect(await grantsOf(identity)).toEqual([])
  })

  test('a rule that approves after the client has gone makes no token that nobody gets', async () => {
    let answer: (answer: PolicyAnswer) => void = () => undefined
    await start(() => new Promise((resolve) => (answer = resolve)))
    const identity = createDeviceIdentity()
    const client = new RawClient(running?.url ?? '', FORWARDED)
    const nonce = await client.challenge()
    client.request('connect', signedConnect(identity, nonce)).catch(() => undefined)
    await until(async () => (await pendingOf(identity)) !== null)
    client.close()
    await client.closed
    await until(async () => (await connectionsOf(running)) === 0)
    answer('approve')
    await until(async () => (await grantsOf(identity)).length === 1)
    for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve))
    expect(await store.transaction((tx) => tx.tokens(identity.deviceId))).toEqual([])
    const back = await knock(identity, {})
    expect(back.payload?.auth).toMatchObject({ deviceToken: expect.any(String) as unknown })
  })
})

describe('the app’s own rule', () => {
  test('gets what was verified and what is claimed apart, and an approval lets the client in at once', async () => {
    const seen: PolicyRequest[] = []
    await start((request) => {
      seen.push(request)
      return 'approve'
    })
    const identity = createDeviceIdentity()
    const claims = { id: 'test', displayName: 'the owner', mode: 'admin' }
    const answer = await knock(identity, { scopes: ['operator.write'], client: claims })
    expect(answer).toMatchObject({ ok: true, payload: { auth: { scopes: ['operator.write'] } } })
    expect(seen).toEqual([
      {
        requestId: expect.any(String) as unknown,
        digest: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
        verified: {
          deviceId: identity.deviceId,
          publicKey: identity.publicKey,
          reason: 'not-paired',
          asks: [{ role: 'operator', scopes: ['operator.write'] }],
          heldRoles: [],
          heldScopes: [],
          locality: expect.objectContaining({ isLocal: false, reason: 'forwarding-untrusted' }) as unknown,
        },
        claims: { displayName: 'the owner', platform: 'linux', deviceFamily: null, clientId: 'test', clientMode: 'admin' }, // prettier-ignore
      },
    ])
    expect(await grantsOf(identity)).toMatchObject([
      { via: 'owner', approvedBy: 'policy', expiresAtMs: null },
    ])
  })

  test('is asked once for a request, not for covered retries, and again for a wider one', async () => {
    const asked: string[] = []
    await start((request) => {
      asked.push(request.verified.asks.flatMap((ask) => ask.scopes).join())
      return 'ask'
    })
    const identity = createDeviceIdentity()
    for (const scopes of [['operator.write'], ['operator.write'], ['operator.read'], ['a.more'], ['a.more']])
      await knock(identity, { scopes })
    expect(asked).toEqual(['operator.write', 'a.more,operator.write'])
  })

  test('is not asked about clients that are let in without it', async () => {
    let asked = 0
    await start(() => {
      asked += 1
      return 'reject'
    })
    const { client, answer } = await connectAs(running?.url ?? '', createDeviceIdentity(), {})
    expect(answer.ok).toBe(true)
    client.close()
    expect(asked).toBe(0)
  })

  test('approves for a time, and the connection ends with it', async () => {
    await start(() => ({ decision: 'approve', expiresInMs: 1000 }))
    const identity = createDeviceIdentity()
    const { client, answer } = await connectAs(running?.url ?? '', identity, {}, FORWARDED)
    expect(answer.ok).toBe(true)
    expect(await client.closed).toEqual({ code: 4001, reason: 'approval has expired' })
  })

  test('rejects: the request is over', async () => {
    let id = ''
    await start(({ requestId }) => {
      id = requestId
      return 'reject'
    })
    const identity = createDeviceIdentity()
    const answer = await knock(identity)
    expect(answer.error?.details).toMatchObject({
      code: 'PAIRING_REQUIRED',
      remediationHint: 'A rule of this gateway refuses this device. Ask the owner.',
    })
    expect(answer.error?.details).not.toHaveProperty('requestId')
    expect(await store.transaction((tx) => tx.request(id))).toMatchObject({
      state: 'rejected',
      decidedBy: 'policy',
    })
    expect(await grantsOf(identity)).toEqual([])
  })

  test('approves less: the part is granted, the rest waits for the next try, and the decision stays on record', async () => {
    let asked = 0
    await start(() => {
      asked += 1
      return asked === 1 ? { decision: 'approve', scopes: ['operator.read'] } : 'ask'
    })
    const identity = createDeviceIdentity()
    const first = await knock(identity)
    expect(first.error?.details).toMatchObject({
      reason: 'scope-upgrade',
      approvedScopes: ['operator.read'],
      remediationHint: expect.stringContaining('A part of this was approved') as unknown,
    })
    expect(first.error?.details).not.toHaveProperty('requestId')
    expect(await grantsOf(identity)).toMatchObject([{ scopes: ['operator.read'] }])
    const [{ origin } = { origin: null }] = await grantsOf(identity)
    expect(await store.transaction((tx) => tx.request(origin ?? ''))).toMatchObject({ state: 'approved' })
    const again = await knock(identity)
    expect(again.error?.details?.requestId).not.toBe(origin)
    expect((await pendingOf(identity))?.id).toBe(again.error?.details?.requestId)
    expect((await knock(identity, { scopes: ['operator.read'] })).ok).toBe(true)
  })

  test('decides on the request that it saw: one that was widened meanwhile is the owner’s', async () => {
    const identity = createDeviceIdentity()
    let calls = 0
    await start(async () => {
      calls += 1
      if (calls > 1) return 'ask'
      await knock(identity, { scopes: ['operator.admin'] })
      return 'approve'
    })
    const answer = await knock(identity)
    expect(answer.error?.code).toBe('NOT_PAIRED')
    expect(await grantsOf(identity)).toEqual([])
    expect(await pendingOf(identity)).toMatchObject({
      asks: [{ scopes: ['operator.admin', 'operator.write'] }],
    })
  })
})
