import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { readConnectParams } from '../../lib/protocol/index.ts'
import { readConnect } from '../../lib/gateway/read-connect.ts'
import { signedConnect } from '../gateway/signed-connect.ts'

const NONCE = 'the-nonce'
const identity = createDeviceIdentity()
const good = signedConnect(identity, NONCE, { auth: { token: 't' } })
const CLIENT = good.client

const problemOf = (params: unknown): string | null => {
  const read = readConnectParams(params)
  return 'problem' in read ? read.problem : null
}

describe('the params of connect', () => {
  test('are open to fields that newer clients send', () => {
    expect(
      problemOf({ ...good, caps: ['x'], commands: [], permissions: {}, locale: 'de', future: { a: 1 } }),
    ).toBeNull()
  })

  test('may name every scope of the largest request, and operator.admin, as its approver must', () => {
    const asked = Array.from({ length: 128 }, (_, i) => `photos.album-${i}`)
    expect(problemOf({ ...good, scopes: ['operator.admin', ...asked] })).toBeNull()
  })

  test.each<[string, object, string]>([
    ['no minProtocol', { minProtocol: undefined }, ''],
    ['a protocol of 0', { minProtocol: 0 }, 'params.minProtocol'],
    ['a fraction', { maxProtocol: 3.5 }, 'params.maxProtocol'],
    ['a protocol as text', { maxProtocol: '4' }, 'params.maxProtocol'],
    ['no client', { client: undefined }, ''],
    ['a client id with a separator', { client: { ...CLIENT, id: 'cli|v3' } }, 'params.client.id'],
    ['a client id with a comma', { client: { ...CLIENT, id: 'a,b' } }, 'params.client.id'],
    ['a mode with a line break', { client: { ...CLIENT, mode: 'a\nb' } }, 'params.client.mode'],
    ['a platform with a separator', { client: { ...CLIENT, platform: 'linux|x' } }, 'params.client.platform'],
    ['a family with a separator', { client: { ...CLIENT, deviceFamily: '|' } }, 'params.client.deviceFamily'],
    ['a token with a separator', { auth: { token: 't|nonce' } }, 'params.auth.token'],
    ['a device token with a separator', { auth: { deviceToken: '|' } }, 'params.auth.deviceToken'],
    ['a bootstrap token with a separator', { auth: { bootstrapToken: '|' } }, 'params.auth.bootstrapToken'],
    ['130 scopes', { scopes: Array.from({ length: 130 }, (_, i) => `s${i}`) }, 'params.scopes'],
    ['a scope that is none', { scopes: [7] }, 'params.scopes.0'],
    ['a device without a key', { device: { ...good.device, publicKey: undefined } }, 'params.device'],
    ['a signature of 513 characters', { device: { ...good.device, signature: 'A'.repeat(513) } }, 'params.device.signature'], // prettier-ignore
    ['a time before 1970', { device: { ...good.device, signedAt: -1 } }, 'params.device.signedAt'],
    ['a device that is a list', { device: [] }, 'params.device'],
  ])('%s is refused, by its path', (_what, change, path) => {
    const problem = problemOf(JSON.parse(JSON.stringify({ ...good, ...change })))
    expect(problem).toContain(path)
    expect(problem).not.toBeNull()
  })

  test.each(['operator.read,operator.admin', 'a|b', 'operator.*', '', ' operator.read', '__proto__'])(
    'the scope %j, which could change the signed text or is no name, is refused',
    (scope) => {
      const params = signedConnect(identity, NONCE, { scopes: [scope] })
      const read = readConnect(params, {
        nonce: NONCE,
        roles: ['operator'],
        minProtocol: 3,
        nowMs: Date.now(),
      })
      expect(read).toMatchObject({ problem: { error: { details: { code: 'SCOPE_INVALID' } } } })
    },
  )

  test('whatever comes, reading it ends in an answer and never throws', () => {
    const value = fc.anything({ withBigInt: false, withNullPrototype: true, maxDepth: 3 })
    const change = fc.oneof(
      fc.record({ device: fc.record({ id: value, publicKey: value, signature: value, signedAt: value }) }),
      fc.record({ client: value, role: value }),
      fc.dictionary(fc.constantFrom('auth', 'scopes', 'minProtocol', 'maxProtocol', '__proto__'), value),
      value,
    )
    fc.assert(
      fc.property(change, (given) => {
        const params: unknown = typeof given === 'object' && given !== null ? { ...good, ...given } : given
        expect(
          readConnect(params, {
            nonce: NONCE,
            roles: ['operator', 'node'],
            minProtocol: 3,
            nowMs: Date.now(),
          }),
        ).toBeDefined()
      }),
      { numRuns: 300 },
    )
  })
})
