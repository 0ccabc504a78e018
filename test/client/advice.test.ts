import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { LatchkeyError } from '../../lib/index.ts'
import { adviceOf } from '../../lib/client/index.ts'
import { closedError, refusedError, unreachableError } from '../../lib/client/client-errors.ts'

const wire = (code: string, details?: object, more: object = {}): LatchkeyError =>
  refusedError({ code, message: `${code} happened`, details, ...more })

/** Everything that the wire can carry: what the caller matches on, and what a person reads. */
const ERRORS: [string, LatchkeyError, string, RegExp][] = [
  ['no device', wire('NOT_PAIRED', { code: 'DEVICE_IDENTITY_REQUIRED' }), 'NOT_PAIRED', /pass identity/],
  ['a clock', wire('INVALID_REQUEST', { code: 'DEVICE_AUTH_SIGNATURE_EXPIRED' }), 'INVALID_REQUEST', /clocks.*two minutes/],
  ['a device id', wire('INVALID_REQUEST', { code: 'DEVICE_AUTH_DEVICE_ID_MISMATCH' }), 'INVALID_REQUEST', /not that of the key/],
  ['no nonce', wire('INVALID_REQUEST', { code: 'DEVICE_AUTH_NONCE_REQUIRED' }), 'INVALID_REQUEST', /in between/],
  ['another nonce', wire('INVALID_REQUEST', { code: 'DEVICE_AUTH_NONCE_MISMATCH' }), 'INVALID_REQUEST', /another connection/],
  ['a bad key', wire('INVALID_REQUEST', { code: 'DEVICE_AUTH_PUBLIC_KEY_INVALID' }), 'INVALID_REQUEST', /safe Ed25519/],
  ['a bad signature', wire('INVALID_REQUEST', { code: 'DEVICE_AUTH_SIGNATURE_INVALID' }), 'INVALID_REQUEST', /not that of the key/],
  ['no token', wire('INVALID_REQUEST', { code: 'AUTH_TOKEN_MISSING' }), 'INVALID_REQUEST', /LATCHKEY_TOKEN/],
  ['another token', wire('INVALID_REQUEST', { code: 'AUTH_TOKEN_MISMATCH' }), 'INVALID_REQUEST', /correct auth\.token/],
  ['no password', wire('INVALID_REQUEST', { code: 'AUTH_PASSWORD_MISSING' }), 'INVALID_REQUEST', /LATCHKEY_PASSWORD/],
  ['another password', wire('INVALID_REQUEST', { code: 'AUTH_PASSWORD_MISMATCH' }), 'INVALID_REQUEST', /correct auth\.password/],
  ['another device token', wire('INVALID_REQUEST', { code: 'AUTH_DEVICE_TOKEN_MISMATCH' }), 'INVALID_REQUEST', /leave deviceToken out/],
  ['a bootstrap token', wire('INVALID_REQUEST', { code: 'AUTH_BOOTSTRAP_TOKEN_INVALID' }), 'INVALID_REQUEST', /ask the owner for a new one/],
  ['scopes of a token', wire('INVALID_REQUEST', { code: 'AUTH_SCOPE_MISMATCH' }), 'INVALID_REQUEST', /ask for fewer/],
  ['attempts', wire('INVALID_REQUEST', { code: 'AUTH_RATE_LIMITED' }, { retryable: true, retryAfterMs: 2500 }), 'RATE_LIMITED', /Try again in 2\.5 s/],
  ['rate', wire('RATE_LIMITED', undefined, { retryAfterMs: 1000 }), 'RATE_LIMITED', /Try again in 1 s/],
  ['versions', wire('INVALID_REQUEST', { code: 'PROTOCOL_MISMATCH', expectedProtocol: 9 }), 'INVALID_REQUEST', /protocol 9.*update/],
  ['a scope', wire('FORBIDDEN', { code: 'MISSING_SCOPE', missingScope: 'operator.write' }), 'FORBIDDEN', /the scope operator\.write/],
  ['a right', wire('FORBIDDEN'), 'FORBIDDEN', /the owner can grant it/],
  ['a role', wire('INVALID_REQUEST', { code: 'ROLE_UNKNOWN' }), 'INVALID_REQUEST', /role/],
  ['a scope that is none', wire('INVALID_REQUEST', { code: 'SCOPE_INVALID' }), 'INVALID_REQUEST', /dotted names/],
  ['nothing there', wire('INVALID_REQUEST', { code: 'NOT_FOUND' }), 'INVALID_REQUEST', /Look again/],
  ['a changed request', wire('REQUEST_SUPERSEDED', { requestId: 'r2', addedScopes: ['operator.admin'] }), 'REQUEST_SUPERSEDED', /r2; it adds: \["operator\.admin"\]/],
  ['a store', wire('UNAVAILABLE', undefined, { retryable: true, retryAfterMs: 1000 }), 'UNAVAILABLE', /Try again in 1 s/],
  ['an unknown code', wire('WEIRD'), 'REFUSED', /see its log/],
  ['no server', unreachableError('ws://x', new Error('connect ECONNREFUSED')), 'GATEWAY_UNREACHABLE', /Start the gateway/],
  ['a proxy', unreachableError('ws://x', new Error('Unexpected server response: 502')), 'GATEWAY_UNREACHABLE', /502.*does not run/],
  ['a wrong path', unreachableError('ws://x', new Error('Unexpected server response: 404')), 'GATEWAY_UNREACHABLE', /path/],
  ['a proxy without a recipe', unreachableError('ws://x', new Error('Unexpected server response: 400')), 'GATEWAY_UNREACHABLE', /recipe/],
  ['an origin', unreachableError('ws://x', new Error('Unexpected server response: 403')), 'REFUSED', /allowedOrigins/],
  ['a restart', closedError(1012, 'the gateway is closing'), 'CLOSED', /restarts/],
  ['a removal', closedError(4001, 'device removed'), 'CLOSED', /approved again/],
  ['a size', closedError(1009, ''), 'CLOSED', /larger/],
  ['an old refusal', closedError(1008, 'pairing required'), 'CLOSED', /approve this device/],
  ['a broken line', closedError(1006, ''), 'CLOSED', /carried out or not/],
  ['time', new LatchkeyError('TIMEOUT'), 'TIMEOUT', /busy/],
  ['time without a connection', new LatchkeyError('TIMEOUT', '', { cause: unreachableError('ws://x', 'x') }), 'TIMEOUT', /Start the gateway/],
  ['a key file', new LatchkeyError('IDENTITY_INVALID'), 'IDENTITY_INVALID', /a new one/],
  ['no cryptography', new LatchkeyError('CRYPTO_UNAVAILABLE'), 'CRYPTO_UNAVAILABLE', /https/],
] // prettier-ignore

describe('adviceOf', () => {
  test.each(ERRORS)('%s', (_what, error, code, advice) => {
    expect(error.code).toBe(code)
    expect(adviceOf(error).join('\n')).toMatch(advice)
  })

  test('knows every code that the gateway sends', () => {
    const lib = path.resolve(import.meta.dirname, '../../lib')
    const read = (file: string): string => readFileSync(path.join(lib, file), 'utf8')
    const sources = ['gateway/read-connect.ts', 'gateway/handshake.ts', 'gateway/session.ts', 'protocol/device-proof.ts', 'gateway/error-shape.ts'] // prettier-ignore
    const sent = new Set(sources.flatMap((file) => read(file).match(/\b(?:DEVICE|AUTH|MISSING|PROTOCOL|ROLE|SCOPE)_[A-Z_]+\b/g) ?? [])) // prettier-ignore
    const told = read('client/advice.ts')
    const unknown = [...sent].filter(
      (code) => !['PROTOCOL_VERSION', 'ROLE_ASK'].includes(code) && !told.includes(`  ${code}:`),
    )
    expect(sent.size).toBeGreaterThan(10)
    expect(unknown.filter((code) => !/^(?:MAX|MIN)_/.test(code))).toEqual([])
  })

  test('says nothing about what is no error of ours', () => {
    for (const value of [new Error('x'), null, undefined, 'text', { code: 'TIMEOUT' }])
      expect(adviceOf(value)).toEqual([])
    expect(adviceOf(new LatchkeyError('STORE_CORRUPT'))).toEqual([])
  })

  test.each(['__proto__', 'constructor', 'toString'])('a code named %s is an unknown one', (code) => {
    expect(adviceOf(wire('FORBIDDEN', JSON.parse(`{"code":"${code}"}`) as object))).toEqual([
      expect.stringMatching(/the owner can grant it/),
    ])
  })

  test.each<[string, unknown]>([
    ['text', 'no'],
    ['null', null],
    ['a number as code', { code: 7 }],
    ['nothing', undefined],
  ])('an answer whose error is %s is a refusal without a reason', (_what, error) => {
    expect(refusedError(error)).toMatchObject({
      code: 'REFUSED',
      message: 'the gateway refused without a reason',
    })
  })
})
