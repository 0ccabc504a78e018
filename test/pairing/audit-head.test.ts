import { describe, expect, test } from '@jest/globals'
import { isSignedBy } from '../../lib/pairing/audit-head.ts'
import { auditHeadText, parseAuditHead, type AuditHead } from '../../lib/pairing/index.ts'
import { auditKey, GATEWAY, headOf, logOf } from './audit-logs.ts'

const key = auditKey()
const head = headOf(key, logOf(3).at(-1))

describe('a signed head in text', () => {
  test('is read as it was written, and nothing else of the text', () => {
    expect(parseAuditHead(JSON.stringify(head))).toEqual(head)
    expect(parseAuditHead(JSON.stringify({ ...head, gatewayId: GATEWAY }))).toEqual(head)
    expect(parseAuditHead(JSON.stringify({ ...head, seq: 1, atMs: 0 }))).toEqual({ ...head, seq: 1, atMs: 0 })
  })

  test.each<[string, unknown]>([
    ['a number', 7],
    ['null', null],
    ['a list', []],
    ['no seq', { ...head, seq: undefined }],
    ['seq 0', { ...head, seq: 0 }],
    ['a negative seq', { ...head, seq: -1 }],
    ['half a seq', { ...head, seq: 1.5 }],
    ['seq as text', { ...head, seq: '3' }],
    ['no time', { ...head, atMs: undefined }],
    ['half a millisecond', { ...head, atMs: 0.5 }],
    ['time as text', { ...head, atMs: '0' }],
    ['no hash', { ...head, hash: undefined }],
    ['a hash that is too short', { ...head, hash: head.hash.slice(1) }],
    ['a hash that is too long', { ...head, hash: `${head.hash}0` }],
    ['a hash in capitals', { ...head, hash: 'A'.repeat(64) }],
    ['a hash after something', { ...head, hash: ` ${head.hash}` }],
    ['a key that is too short', { ...head, publicKey: head.publicKey.slice(1) }],
    ['a key that is too long', { ...head, publicKey: `${head.publicKey}A` }],
    ['a key with padding', { ...head, publicKey: `${head.publicKey}=` }],
    ['a key after something', { ...head, publicKey: `=${head.publicKey}` }],
    ['a key that is a list', { ...head, publicKey: [head.publicKey] }],
    ['a signature that is too short', { ...head, signature: head.signature.slice(1) }],
    ['a signature that is too long', { ...head, signature: `${head.signature}A` }],
    ['a signature after something', { ...head, signature: `=${head.signature}` }],
  ])('is none: %s', (_what, value) => {
    expect(parseAuditHead(JSON.stringify(value))).toBeNull()
  })

  test.each(['', '{', 'undefined'])('is none: %j', (text) => {
    expect(parseAuditHead(text)).toBeNull()
  })
})

describe('a signature', () => {
  const signed = (change: Partial<AuditHead>, gatewayId = GATEWAY, by = key.publicKey): boolean =>
    isSignedBy({ ...head, ...change }, gatewayId, by)

  test('is of this key over this end of the log of this gateway', () => {
    expect(signed({})).toBe(true)
    expect(signed({ seq: head.seq + 1 })).toBe(false)
    expect(signed({ hash: 'f'.repeat(64) })).toBe(false)
    expect(signed({ atMs: head.atMs + 1 })).toBe(false)
    expect(signed({}, 'another')).toBe(false)
    expect(signed({ signature: 'A'.repeat(86) })).toBe(false)
  })

  test('is not of another key, whichever the head names', () => {
    const other = auditKey()
    expect(signed({ publicKey: other.publicKey })).toBe(false)
    expect(signed({}, GATEWAY, other.publicKey)).toBe(false)
    expect(signed({ publicKey: other.publicKey }, GATEWAY, other.publicKey)).toBe(false)
  })

  test('is none of what is no key', () => {
    for (const publicKey of ['', 'A', '_'.repeat(43), '*'.repeat(43)])
      expect(signed({ publicKey }, GATEWAY, publicKey)).toBe(false)
  })

  test('is over this text, which the documents give', () => {
    expect(auditHeadText('g', 7, 'h', 8)).toBe('["latchkey.audit-head.1","g",7,"h",8]')
  })
})
