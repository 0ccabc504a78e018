import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { SMALL_ORDER_POINTS } from '../../protocol/small-order-points.ts'
import { countingStore } from '../counting-store.ts'
import { RawClient } from '../raw-client.ts'
import { runGateway, type RunningGateway } from '../running-gateway.ts'

const FIELD = (1n << 255n) - 19n
/** In front of the 32 bytes of a key in SubjectPublicKeyInfo (RFC 8410). */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex')

/** Little-endian, as RFC 8032 writes y, with the sign of x in the last bit. */
function encode(y: bigint, sign: 0 | 1): string {
  const bytes = Buffer.from(y.toString(16).padStart(64, '0'), 'hex').reverse()
  bytes[31] = (bytes[31] ?? 0) | (sign << 7)
  return bytes.toString('hex')
}

const NON_CANONICAL = Array.from({ length: 19 }, (_, i) => FIELD + BigInt(i)).flatMap((y) => [
  encode(y, 0),
  encode(y, 1),
])
const ZERO_X_WITH_SIGN = [encode(1n, 1), encode(FIELD - 1n, 1)]

/** With a key of small order, S = 0 and R of small order pass a verifier that does not look at the key. */
const FORGERIES = ['identity', 'key'] as const

let running: RunningGateway
let count: { writes: number; transactions: number }
beforeAll(async () => {
  const counting = countingStore()
  running = await runGateway({ store: counting.store, limits: { authFailures: 1_000_000 } })
  count = counting.count
  count.transactions = 0
  count.writes = 0
})
afterAll(() => running.close())

async function refusalOf(
  raw: Buffer,
  publicKey: string,
  forgery: (typeof FORGERIES)[number],
): Promise<unknown> {
  const client = new RawClient(running.url)
  const nonce = await client.challenge()
  const r = forgery === 'key' ? raw : Buffer.from(SMALL_ORDER_POINTS[0] ?? '', 'hex')
  const { error } = await client.request('connect', {
    minProtocol: 3,
    maxProtocol: 4,
    client: { id: 'test', version: '1', platform: 'linux', mode: 'test' },
    scopes: ['operator.admin'],
    device: {
      id: createHash('sha256').update(raw).digest('hex'),
      publicKey,
      signature: Buffer.concat([r, Buffer.alloc(32)]).toString('base64url'),
      signedAt: Date.now(),
      nonce,
    },
  })
  expect((await client.closed).code).toBe(1008)
  return error?.details
}

describe.each<[string, readonly string[]]>([
  ['the eight points of small order', SMALL_ORDER_POINTS],
  ['the encodings of y that are not below the order of the field', NON_CANONICAL],
  ['x = 0 with the sign bit set', ZERO_X_WITH_SIGN],
])('threat 12: %s', (_what, keys) => {
  test.each(FORGERIES)('are refused in the handshake, with R = %s, raw and as PEM', async (forgery) => {
    for (const hex of keys) {
      const raw = Buffer.from(hex, 'hex')
      const body = Buffer.concat([SPKI, raw]).toString('base64')
      const pem = `-----BEGIN PUBLIC KEY-----\n${body}\n-----END PUBLIC KEY-----\n`
      expect(await refusalOf(raw, raw.toString('base64url'), forgery)).toEqual({
        code: 'DEVICE_AUTH_PUBLIC_KEY_INVALID',
      })
      // As PEM a key may be refused before it is a key.
      expect(['DEVICE_AUTH_PUBLIC_KEY_INVALID', 'DEVICE_AUTH_DEVICE_ID_MISMATCH']).toContain(
        ((await refusalOf(raw, pem, forgery)) as { code?: string }).code,
      )
    }
  })
})

test('threat 12: nothing was read or written for any of them', () => {
  expect(count).toEqual({ transactions: 0, writes: 0 })
})
