import { describe, expect, test } from '@jest/globals'
import { createServer } from 'node:http'
import { createGateway, LatchkeyError, memoryStore, type GatewayOptions } from '../../lib/index.ts'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { runGateway } from './running-gateway.ts'
import { admittedAs } from './signed-connect.ts'

const refusal = async (options: unknown): Promise<unknown> =>
  createGateway(options as GatewayOptions).then(
    async (gateway) => {
      await gateway.close()
      return 'accepted'
    },
    (error: unknown) => error,
  )

const withStore = (more: object): object => ({ store: memoryStore(), ...more })

describe('options of createGateway', () => {
  test.each<[object, string]>([
    [withStore({ localty: {} }), 'did you mean locality?'],
    [withStore({ limit: {} }), 'did you mean limits?'],
    [withStore({ consol: true }), 'did you mean console?'],
    [withStore({ limits: { maxPayloadByte: 1 } }), 'did you mean maxPayloadBytes?'],
    [withStore({ silent: { reason: [] } }), 'did you mean reasons?'],
    [withStore({ locality: { trustproxy: [] } }), 'did you mean trustProxy?'],
    [withStore({ somethingElse: 1 }), 'known: '],
  ])('%# an unknown key is refused with the one that was meant', async (options, hint) => {
    const error = await refusal(options)
    expect(error).toBeInstanceOf(LatchkeyError)
    expect(error).toMatchObject({ code: 'OPTION_UNKNOWN', message: expect.stringContaining(hint) as unknown })
  })

  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'store'],
    ['null', null, 'store'],
    ['no store', {}, 'store'],
    ['a store that is none', { store: {} }, 'store'],
    ['no roles', withStore({ roles: [] }), 'roles'],
    ['a role with a separator', withStore({ roles: ['a|b'] }), 'roles'],
    ['scopes that are no rules', withStore({ scopes: { a: 'b' } }), 'scopes'],
    ['a rule that is no name', withStore({ scopes: { a: [7] } }), 'scopes'],
    ['limits that are none', withStore({ limits: 7 }), 'limits'],
    ['limits of null', withStore({ limits: null }), 'limits'],
    ['a logger without levels', withStore({ logger: {} }), 'logger'],
    ['a listener that is none', withStore({ onEvent: 'x' }), 'onEvent'],
    ['a clock that is none', withStore({ clock: {} }), 'clock'],
    ['a look-up that is none', withStore({ peerLookup: {} }), 'peerLookup'],
    ['a hop count', withStore({ locality: { trustProxy: 1 } }), 'trustProxy'],
    ['a mode of silence', withStore({ silent: { mode: 'maybe' } }), 'silent.mode'],
  ])('%s is refused by name', async (_what, options, name) => {
    expect(await refusal(options)).toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining(name) as unknown,
    })
  })

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '16', 2 ** 31, [], {}])(
    'a limit of %j is refused',
    async (value) => {
      expect(await refusal(withStore({ limits: { handshakeMs: value } }))).toMatchObject({
        code: 'OPTION_INVALID',
        message: expect.stringContaining('limits.handshakeMs') as unknown,
      })
    },
  )

  test('a limit of undefined is the default, not none', async () => {
    const running = await runGateway({ limits: { maxPayloadBytes: undefined } as never })
    const { client, hello } = await admittedAs(running.url, createDeviceIdentity())
    expect(hello.policy).toMatchObject({ maxPayload: 1_048_576 })
    client.send('x'.repeat(1_048_577))
    expect((await client.closed).code).toBe(1009)
    await running.close()
  })
})

describe('options of attach', () => {
  test.each([
    undefined,
    {},
    { path: '' },
    { path: 'gateway' },
    { path: '/a?b' },
    { path: [] },
    { path: [7] },
  ])('%j is refused', async (options) => {
    const running = await runGateway()
    const attach = (): void => {
      running.gateway.attach(createServer(), options as never)
    }
    expect(attach).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
    await running.close()
  })

  test('a path that is taken on that server is refused; on another server it is free', async () => {
    const first = await runGateway()
    const second = await runGateway()
    expect(() => {
      second.gateway.attach(first.server, { path: ['/other', '/gateway'] })
    }).toThrow('/gateway is attached')
    expect(() => {
      second.gateway.attach(createServer(), { path: '/gateway' })
    }).not.toThrow()
    await first.close()
    await second.close()
  })
})

describe('options of method', () => {
  test.each<[string, unknown, unknown]>([
    ['', { scope: null }, () => 1],
    ['a b', { scope: null }, () => 1],
    ['connect', { scope: null }, () => 1],
    ['x'.repeat(129), { scope: null }, () => 1],
    ['health', { scope: null }, () => 1],
    ['fine', undefined, () => 1],
    ['fine', {}, () => 1],
    ['fine', { scope: 'not a scope' }, () => 1],
    ['fine', { scope: null }, undefined],
  ])('%j, %j', async (name, options, handler) => {
    const running = await runGateway()
    expect(() => {
      running.gateway.method(name, options as never, handler as never)
    }).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
    await running.close()
  })
})
