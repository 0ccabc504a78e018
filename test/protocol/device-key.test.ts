import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { decodePublicKey, deviceIdOf, isSafePublicKey } from '../../lib/protocol/index.ts'
import { SMALL_ORDER_POINTS } from './small-order-points.ts'

const { publicKey } = generateKeyPairSync('ed25519')
const RAW = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
const FIELD = (1n << 255n) - 19n

/** Little-endian, as RFC 8032 writes y, with the sign of x in the last bit. */
function encode(y: bigint, sign: 0 | 1): Buffer {
  const bytes = Buffer.from(y.toString(16).padStart(64, '0'), 'hex').reverse()
  bytes[31] = (bytes[31] ?? 0) | (sign << 7)
  return bytes
}

describe('a public key', () => {
  test.each([
    ['base64url', RAW.toString('base64url')],
    ['padded base64url', `${RAW.toString('base64url')}=`],
    ['base64', RAW.toString('base64')],
    ['base64 without padding', RAW.toString('base64').replace('=', '')],
    ['PEM', publicKey.export({ type: 'spki', format: 'pem' }).toString()],
    ['PEM with CRLF', publicKey.export({ type: 'spki', format: 'pem' }).toString().replaceAll('\n', '\r\n')],
  ])('is read as %s', (_form, text) => {
    expect(decodePublicKey(text)).toEqual(RAW)
  })

  test.each([
    ['nothing', ''],
    ['31 bytes', RAW.subarray(1).toString('base64url')],
    ['33 bytes', Buffer.concat([RAW, RAW.subarray(0, 1)]).toString('base64url')],
    ['white space around', ` ${RAW.toString('base64url')}`],
    ['a line break behind', `${RAW.toString('base64url')}\n`],
    ['hex', RAW.toString('hex')],
    ['bits that say nothing', `${'A'.repeat(42)}B`],
    ['padding in the middle', `${'A'.repeat(20)}=${'A'.repeat(22)}`],
    ['three times padding', `${'A'.repeat(43)}===`],
    [
      'an RSA key',
      generateKeyPairSync('rsa', { modulusLength: 1024 })
        .publicKey.export({ type: 'spki', format: 'pem' })
        .toString(),
    ],
    [
      'an X25519 key',
      generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    ],
    [
      'a private key',
      generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    ],
  ])('is refused as %s', (_form, text) => {
    expect(decodePublicKey(text)).toBeNull()
  })

  test('its id is the lower-case hex SHA-256 of its raw bytes', () => {
    expect(deviceIdOf(Buffer.alloc(32))).toBe(
      '66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925',
    )
  })

  test('every key that Node makes is safe', () => {
    for (let i = 0; i < 50; i += 1) {
      const { x } = createPublicKey(generateKeyPairSync('ed25519').privateKey).export({ format: 'jwk' })
      expect(isSafePublicKey(Buffer.from(x ?? '', 'base64url'))).toBe(true)
    }
  })
})

describe('keys that must never be verified with', () => {
  test.each(SMALL_ORDER_POINTS)('the point of small order %s', (hex) => {
    expect(isSafePublicKey(Buffer.from(hex, 'hex'))).toBe(false)
  })

  test('x = 0 with the sign bit set', () => {
    expect(isSafePublicKey(encode(1n, 1))).toBe(false)
    expect(isSafePublicKey(encode(FIELD - 1n, 1))).toBe(false)
  })

  test('every y that is not below the order of the field', () => {
    for (let y = FIELD; y < 1n << 255n; y += 1n) {
      expect(isSafePublicKey(encode(y, 0))).toBe(false)
      expect(isSafePublicKey(encode(y, 1))).toBe(false)
    }
  })

  test('another length than 32 bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        fc.pre(bytes.length !== 32)
        expect(isSafePublicKey(bytes)).toBe(false)
      }),
    )
  })

  test('others below the order pass, with either sign', () => {
    expect(isSafePublicKey(encode(2n, 0))).toBe(true)
    expect(isSafePublicKey(encode(FIELD - 2n, 1))).toBe(true)
  })
})
