import { describe, expect, test } from '@jest/globals'
import { buildDeviceAuthPayload, buildDeviceAuthPayloadV3 } from '@openclaw/gateway-client'
import fc from 'fast-check'
import { signedTextV2, signedTextV3 } from '../../lib/protocol/index.ts'

const CLAIMS = {
  deviceId: 'ab'.repeat(32),
  clientId: 'cli',
  clientMode: 'backend',
  role: 'operator',
  scopes: ['operator.read', 'operator.write'],
  signedAtMs: 1_790_000_000_000,
  token: 'tok',
  nonce: 'n-1',
  platform: '  LinuX ',
  deviceFamily: '',
}

describe('what a device signs', () => {
  test('version 2, byte for byte', () => {
    expect(signedTextV2(CLAIMS)).toBe(
      `v2|${'ab'.repeat(32)}|cli|backend|operator|operator.read,operator.write|1790000000000|tok|n-1`,
    )
  })

  test('version 3, byte for byte: platform and family at the end, trimmed and in lower case', () => {
    expect(signedTextV3({ ...CLAIMS, deviceFamily: ' iPad ' })).toBe(
      `v3|${'ab'.repeat(32)}|cli|backend|operator|operator.read,operator.write|1790000000000|tok|n-1|linux|ipad`,
    )
  })

  test('nothing asked for, no token, no family: empty fields', () => {
    expect(signedTextV3({ ...CLAIMS, scopes: [], token: '', platform: '' })).toBe(
      `v3|${'ab'.repeat(32)}|cli|backend|operator||1790000000000||n-1||`,
    )
  })

  test('only ASCII letters are lower-cased', () => {
    expect(signedTextV3({ ...CLAIMS, platform: 'İÄ-ABC-\u212a' })).toMatch(/\|İÄ-abc-\u212a\|$/)
  })

  test('is what the published client signs, for any claims', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 12 })
    fc.assert(
      fc.property(
        fc.record({
          deviceId: text,
          clientId: text,
          clientMode: text,
          role: text,
          scopes: fc.array(text, { maxLength: 4 }),
          signedAtMs: fc.nat(),
          token: text,
          nonce: text,
          platform: text,
          deviceFamily: text,
        }),
        (claims) => {
          expect(signedTextV2(claims)).toBe(buildDeviceAuthPayload(claims))
          expect(signedTextV3(claims)).toBe(buildDeviceAuthPayloadV3(claims))
        },
      ),
    )
  })
})
