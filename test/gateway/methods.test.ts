import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { LatchkeyError, type MethodHandler } from '../../lib/index.ts'
import type { RawClient } from './raw-client.ts'
import { runGateway, type RunningGateway } from './running-gateway.ts'
import { admittedAs } from './signed-connect.ts'

let running: RunningGateway
let client: RawClient
const identity = createDeviceIdentity()

beforeEach(async () => {
  running = await runGateway()
  ;({ client } = await admittedAs(running.url, identity, { scopes: ['operator.write'] }))
})
afterEach(async () => {
  client.close()
  await running.close()
})

const add = (name: string, handler: MethodHandler, scope: string | null = null): void => {
  running.gateway.method(name, { scope }, handler)
}

describe('a method', () => {
  test('gets the params, who calls, with what, and from where', async () => {
    let seen: unknown
    add('look', (call) => {
      seen = call
    })
    const params = { a: [1, { b: null }] }
    expect(await client.request('look', params)).toEqual({
      type: 'res',
      id: expect.any(String) as unknown,
      ok: true,
    })
    expect(seen).toMatchObject({
      params,
      deviceId: identity.deviceId,
      role: 'operator',
      scopes: ['operator.write'],
      locality: { isLocal: true, kind: 'direct' },
      signal: expect.any(AbortSignal) as unknown,
    })
  })

  test.each<[string, string, boolean]>([
    ['operator.write', 'the same', true],
    ['operator.read', 'an implied one', true],
    ['operator.admin', 'a wider one', false],
    ['photos.read', 'another one', false],
  ])('with scope %s: %s', async (scope, _what, allowed) => {
    let called = false
    add('scoped', () => (called = true), scope)
    const answer = await client.request('scoped')
    expect(answer.ok).toBe(allowed)
    expect(called).toBe(allowed)
    if (allowed) return
    expect(answer.error).toEqual({
      code: 'FORBIDDEN',
      message: `missing scope: ${scope}`,
      details: { code: 'MISSING_SCOPE', missingScope: scope, requiredScopes: [scope] },
    })
  })

  test.each(['nope', '__proto__', 'constructor', 'toString', 'Health', '\u0000\u202e'])(
    'that does not exist (%j) is answered, and the connection stays',
    async (name) => {
      expect((await client.request(name)).error).toEqual({
        code: 'INVALID_REQUEST',
        message: `unknown method: ${JSON.stringify(name)}`,
      })
      expect(await client.request('health')).toMatchObject({ ok: true })
    },
  )

  test('app-defined rules of scopes count', async () => {
    const own = await runGateway({ scopes: { 'photos.all': ['photos.*'] } })
    own.gateway.method('photo', { scope: 'photos.read' }, () => 'here')
    const caller = await admittedAs(own.url, createDeviceIdentity(), { scopes: ['photos.all'] })
    expect(await caller.client.request('photo')).toMatchObject({ ok: true, payload: 'here' })
    const admin = await admittedAs(own.url, createDeviceIdentity(), { scopes: ['operator.admin'] })
    expect(await admin.client.request('photo')).toMatchObject({ ok: false })
    await own.close()
  })
})

describe('a handler that fails', () => {
  const cycle: Record<string, unknown> = {}
  cycle.self = cycle
  test.each<[string, MethodHandler]>([
    ['throws', () => { throw new Error('secret path /etc') }], // prettier-ignore
    ['throws null', () => { throw null as unknown as Error }], // prettier-ignore
    ['rejects', () => Promise.reject(new Error('secret'))],
    ['returns a BigInt', () => 1n],
    ['returns a cycle', () => cycle],
    ['returns what throws when read', () => ({ get x(): never { throw new Error('secret') } })], // prettier-ignore
    ['throws an error that is ours alone', () => { throw new LatchkeyError('STORE_CORRUPT', 'secret') }], // prettier-ignore
  ])('%s: the client learns no more than that, and the connection stays', async (_what, handler) => {
    add('broken', handler)
    expect((await client.request('broken')).error).toEqual({ code: 'UNAVAILABLE', message: 'internal error' })
    expect(await client.request('health')).toMatchObject({ ok: true })
  })

  test('hangs: the others are answered', async () => {
    add('hang', () => new Promise(() => undefined))
    client.send({ type: 'req', id: 'h', method: 'hang' })
    expect(await client.request('health')).toMatchObject({ ok: true })
  })

  test('throws an error for the client: code, message and details go out', async () => {
    add('refuse', () => {
      throw new LatchkeyError('INVALID_REQUEST', 'no such photo', { details: { photo: 7 } })
    })
    expect((await client.request('refuse')).error).toEqual({
      code: 'INVALID_REQUEST',
      message: 'no such photo',
      details: { photo: 7 },
    })
  })

  test('throws details that cannot be sent: the connection is closed with 1011', async () => {
    add('refuse', () => {
      throw new LatchkeyError('INVALID_REQUEST', 'x', { details: { n: 1n } })
    })
    await expect(client.request('refuse')).rejects.toThrow('closed: 1011')
  })

  test('a logger that throws takes nothing with it', async () => {
    const fail = (): never => {
      throw new Error('disk full')
    }
    const silenced = jest.spyOn(console, 'error').mockImplementation(() => undefined)
    const logged = await runGateway({ logger: { info: fail, warn: fail, error: fail } })
    logged.gateway.method('broken', { scope: null }, fail)
    const caller = await admittedAs(logged.url, createDeviceIdentity())
    expect((await caller.client.request('broken')).error?.code).toBe('UNAVAILABLE')
    expect(await caller.client.request('health')).toMatchObject({ ok: true })
    await logged.close()
    silenced.mockRestore()
  })

  test('a store that cannot answer is worth a retry', async () => {
    add('store', () => {
      throw new LatchkeyError('STORE_UNAVAILABLE')
    })
    expect((await client.request('store')).error).toMatchObject({ code: 'UNAVAILABLE', retryable: true })
  })
})

test('lone surrogates in ids and params go round unharmed', async () => {
  add('echo', ({ params }) => params)
  client.send('{"type":"req","id":"\\ud800","method":"echo","params":{"__proto__":{"a":1},"t":"\\udfff"}}')
  const answer = await client.next()
  expect(answer).toMatchObject({ id: '\ud800', ok: true, payload: { t: '\udfff' } })
  expect(({} as { a?: number }).a).toBeUndefined()
})
