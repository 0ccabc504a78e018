import { describe, expect, test } from '@jest/globals'
import { fullJitter, parseBackoff } from '../../lib/client/backoff.ts'
import {
  closedError,
  notTheProtocol,
  refusedError,
  unreachableError,
} from '../../lib/client/client-errors.ts'
import { retryOf } from '../../lib/client/retry.ts'
import { LatchkeyError } from '../../lib/errors.ts'

const wire = (code: string, detail?: string, more: object = {}): LatchkeyError =>
  refusedError({ code, message: '', ...(detail === undefined ? {} : { details: { code: detail } }), ...more })
const http = (status: number): LatchkeyError =>
  unreachableError('ws://x', new Error(`Unexpected server response: ${status}`))

describe('whether another try is worth it', () => {
  test.each<[string, unknown, object]>([
    ['an origin that may not connect', http(403), { kind: 'never' }],
    ['a proxy without a gateway', http(502), { kind: 'again', afterMs: 0, spread: false }],
    ['a path that is not there yet', http(404), { kind: 'again' }],
    ['nobody who listens', unreachableError('ws://x', 'ECONNREFUSED'), { kind: 'again' }],
    ['something else that answers', notTheProtocol('ws://x'), { kind: 'again' }],
    ['versions', wire('INVALID_REQUEST', 'PROTOCOL_MISMATCH'), { kind: 'never' }],
    ['versions, said to be retryable', wire('INVALID_REQUEST', 'PROTOCOL_MISMATCH', { retryable: true }), { kind: 'never' }],
    ['a clock', wire('INVALID_REQUEST', 'DEVICE_AUTH_SIGNATURE_EXPIRED'), { kind: 'again' }],
    ['a signature', wire('INVALID_REQUEST', 'DEVICE_AUTH_SIGNATURE_INVALID'), { kind: 'never' }],
    ['a nonce', wire('INVALID_REQUEST', 'DEVICE_AUTH_NONCE_MISMATCH', { retryable: true }), { kind: 'never' }],
    ['a token', wire('INVALID_REQUEST', 'AUTH_TOKEN_MISMATCH'), { kind: 'never' }],
    ['attempts', wire('INVALID_REQUEST', 'AUTH_RATE_LIMITED', { retryable: true, retryAfterMs: 4000 }), { kind: 'again', afterMs: 4000 }],
    ['a rate', wire('RATE_LIMITED', undefined, { retryAfterMs: 10 }), { kind: 'again', afterMs: 10 }],
    ['a pause of a century', wire('UNAVAILABLE', undefined, { retryAfterMs: 3e12 }), { kind: 'again', afterMs: 600_000 }],
    ['a store', wire('UNAVAILABLE', undefined, { retryable: true }), { kind: 'again' }],
    ['no device', wire('NOT_PAIRED', 'DEVICE_IDENTITY_REQUIRED'), { kind: 'never' }],
    ['a code that nobody knows', wire('WEIRD'), { kind: 'never' }],
    ['one that says that it passes', wire('WEIRD', undefined, { retryable: true }), { kind: 'again' }],
    ['a key file', new LatchkeyError('IDENTITY_INVALID'), { kind: 'never' }],
    ['no cryptography', new LatchkeyError('CRYPTO_UNAVAILABLE'), { kind: 'never' }],
    ['time', new LatchkeyError('TIMEOUT'), { kind: 'again' }],
    ['a restart', closedError(1012, ''), { kind: 'again', spread: true }],
    ['a crowd', closedError(1013, ''), { kind: 'again', spread: true }],
    ['a broken line', closedError(1006, ''), { kind: 'again', spread: false }],
    ['a tick', closedError(4000, 'tick timeout'), { kind: 'again' }],
    ['a removal', closedError(4001, 'device removed'), { kind: 'again' }],
    ['a policy', closedError(1008, 'frames must be JSON text'), { kind: 'never' }],
    ['pairing', closedError(1008, 'pairing required: …'), { kind: 'approval' }],
    ['a slow handshake', closedError(1008, 'handshake timeout'), { kind: 'again' }],
    ['a rate in a close', closedError(1008, 'rate limited'), { kind: 'again' }],
    ['versions in a close', closedError(1002, 'protocol mismatch'), { kind: 'never' }],
    ['a mistake of ours', new TypeError('x'), { kind: 'never' }],
  ])('%s', (_what, error, retry) => {
    expect(retryOf(error)).toMatchObject(retry)
  }) // prettier-ignore
})

describe('the pause', () => {
  const backoff = parseBackoff('test')

  test('doubles up to the longest', () => {
    const longest = Array.from({ length: 12 }, (_, failures) => fullJitter(backoff, failures, () => 1))
    expect(longest).toEqual([
      250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000, 30_000,
    ])
    expect(fullJitter(backoff, 10_000, () => 1)).toBe(30_000)
  })

  test('is anything from nothing to all of it', () => {
    expect([0, 0.25, 0.5].map((random) => fullJitter(backoff, 3, () => random))).toEqual([0, 500, 1000])
  })

  test('takes its options field by field', () => {
    expect(parseBackoff('x', { minMs: 10, maxMs: undefined as never }).maxMs).toBe(30_000)
    expect(() => parseBackoff('x', { min: 5 } as never)).toThrow(/did you mean minMs/)
    expect(() => parseBackoff('x', { minMs: 0 })).toThrow(/backoff\.minMs: got 0/)
  })
})
