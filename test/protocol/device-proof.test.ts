import { describe, expect, test } from '@jest/globals'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import {
  describeDeviceProofProblem,
  deviceIdOf,
  MAX_SIGNATURE_AGE_MS,
  verifyDeviceProof,
  type ConnectParams,
  type DeviceProofProblem,
} from '../../lib/protocol/index.ts'
import { signedConnect, type Ask } from '../gateway/signed-connect.ts'
import { SMALL_ORDER_POINTS } from './small-order-points.ts'

const NOW = 1_790_000_000_000
const NONCE = '6f0c3b52-2c3b-4a5e-9d55-1f6f3d6a9d11'
const TEN_YEARS_MS = 10 * 365 * 24 * 3600 * 1000
const identity = createDeviceIdentity()

const signed = (ask: Ask = {}): ReturnType<typeof signedConnect> =>
  signedConnect(identity, NONCE, { signedAt: NOW, ...ask })

/** Verifies with some fields of the device, or of the params, changed after signing. */
function outcome(
  device: Partial<Record<'id' | 'publicKey' | 'signature' | 'signedAt' | 'nonce', unknown>> = {},
  params: object = {},
  ask: Ask = {},
): DeviceProofProblem | 'proved' {
  const connect = { ...signed(ask), ...params } as ConnectParams
  const proof = { ...signed(ask).device, ...device }
  const result = verifyDeviceProof(connect, proof as never, NONCE, NOW)
  return 'problem' in result ? result.problem : 'proved'
}

function otherFirstLetter(text: string): string {
  return `${text.startsWith('A') ? 'B' : 'A'}${text.slice(1)}`
}

describe('a device proof', () => {
  test.each(['v3', 'v2'] as const)('of version %s proves id and key', (version) => {
    const params = signed({ version })
    expect(verifyDeviceProof(params, params.device, NONCE, NOW)).toEqual({
      device: { id: identity.deviceId, publicKey: identity.publicKey },
    })
  })

  test('of version 1, which lacks the nonce, is refused', () => {
    const { client, role, scopes, device } = signed()
    const v1 = ['v1', device.id, client.id, client.mode, role, scopes.join(','), String(NOW), ''].join('|')
    expect(outcome({ signature: identity.sign(v1) })).toBe('DEVICE_AUTH_SIGNATURE_INVALID')
  })

  test('says the key in one form, however it was sent', () => {
    const params = signed()
    const padded = { ...params.device, publicKey: `${params.device.publicKey}=` }
    expect(verifyDeviceProof(params, padded, NONCE, NOW)).toEqual({
      device: { id: identity.deviceId, publicKey: identity.publicKey },
    })
  })

  test.each<[string, object, object?]>([
    ['the role', {}, { role: 'node' }],
    ['the default role that was left out', {}, { role: undefined }],
    ['a scope more', {}, { scopes: ['operator.read', 'operator.admin'] }],
    ['the scopes in another order', {}, { scopes: ['b', 'a'] }],
    ['the client id', {}, { client: { id: 'cli', version: '1', platform: 'linux', mode: 'test' } }],
    ['the token', {}, { auth: { token: 'stolen' } }],
    ['the time', { signedAt: NOW + 1 }],
    ['the first letter of the signature', { signature: otherFirstLetter(signed().device.signature) }],
    ['the signature cut', { signature: signed().device.signature.slice(0, -4) }],
    ['no signature', { signature: '' }],
  ])('does not survive a change of %s', (what, device, params = {}) => {
    const ask: Ask = what.includes('order') ? { scopes: ['a', 'b'] } : { role: what.includes('default') ? 'node' : 'operator' } // prettier-ignore
    expect(outcome(device, params, ask)).toBe('DEVICE_AUTH_SIGNATURE_INVALID')
  })

  test.each([0, MAX_SIGNATURE_AGE_MS, -MAX_SIGNATURE_AGE_MS])('may be %i ms off', (off) => {
    expect(outcome({}, {}, { signedAt: NOW + off })).toBe('proved')
  })

  test.each([MAX_SIGNATURE_AGE_MS + 1, -MAX_SIGNATURE_AGE_MS - 1, TEN_YEARS_MS, -TEN_YEARS_MS, -NOW])(
    'must not be %i ms off, and the sentence names the clock',
    (off) => {
      const problem = outcome({}, {}, { signedAt: NOW + off })
      expect(problem).toBe('DEVICE_AUTH_SIGNATURE_EXPIRED')
      expect(describeDeviceProofProblem(problem as DeviceProofProblem)).toMatch(/clock/)
    },
  )
})

describe('the first check that fails decides', () => {
  // Every case has all the faults of the cases below it.
  const weakKey = Buffer.from(SMALL_ORDER_POINTS[4] ?? '', 'hex')
  const bad = {
    signature: 'AAAA',
    publicKey: weakKey.toString('base64url'),
    id: deviceIdOf(weakKey),
  }
  test.each<[DeviceProofProblem, object]>([
    ['DEVICE_AUTH_DEVICE_ID_MISMATCH', { ...bad, nonce: '', signedAt: 0, id: identity.deviceId }],
    ['DEVICE_AUTH_SIGNATURE_EXPIRED', { ...bad, nonce: '', signedAt: 0 }],
    ['DEVICE_AUTH_NONCE_REQUIRED', { ...bad, nonce: '' }],
    ['DEVICE_AUTH_NONCE_REQUIRED', { ...bad, nonce: undefined }],
    ['DEVICE_AUTH_NONCE_MISMATCH', { ...bad, nonce: NONCE.toUpperCase() }],
    ['DEVICE_AUTH_PUBLIC_KEY_INVALID', bad],
    ['DEVICE_AUTH_SIGNATURE_INVALID', { signature: 'AAAA' }],
  ])('%s', (problem, device) => {
    expect(outcome(device)).toBe(problem)
  })

  test.each(SMALL_ORDER_POINTS)('the key %s is refused before it verifies anything', (hex) => {
    const key = Buffer.from(hex, 'hex')
    // R = identity, S = 0: what some versions of OpenSSL accept for such keys.
    const forged = Buffer.concat([Buffer.from(SMALL_ORDER_POINTS[0] ?? '', 'hex'), Buffer.alloc(32)])
    const device = {
      publicKey: key.toString('base64url'),
      id: deviceIdOf(key),
      signature: forged.toString('base64url'),
    }
    expect(outcome(device)).toBe('DEVICE_AUTH_PUBLIC_KEY_INVALID')
  })

  test('a key that is no point of the curve verifies nothing', () => {
    const offCurve = Buffer.alloc(32, 2)
    const device = { publicKey: offCurve.toString('base64url'), id: deviceIdOf(offCurve) }
    expect(outcome(device)).toBe('DEVICE_AUTH_SIGNATURE_INVALID')
  })

  test('an id in upper case is not the id', () => {
    expect(outcome({ id: identity.deviceId.toUpperCase() })).toBe('DEVICE_AUTH_DEVICE_ID_MISMATCH')
  })
})
