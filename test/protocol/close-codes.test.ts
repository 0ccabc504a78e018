import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { CLOSE, closeReason } from '../../lib/protocol/index.ts'

describe('a close reason', () => {
  test.each([
    ['', ''],
    ['short', 'short'],
    ['a'.repeat(120), 'a'.repeat(120)],
    ['a'.repeat(121), 'a'.repeat(120)],
    ['ä'.repeat(60), 'ä'.repeat(60)],
    [`${'a'.repeat(119)}ä`, 'a'.repeat(119)],
    [`${'a'.repeat(118)}€`, 'a'.repeat(118)],
    [`${'a'.repeat(117)}😀`, 'a'.repeat(117)],
    [`${'a'.repeat(116)}😀`, `${'a'.repeat(116)}😀`],
  ])('%j becomes %j', (text, expected) => {
    expect(closeReason(text)).toBe(expected)
  })

  test('is a beginning of the text, of at most 120 bytes, and loses less than one character more', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 30, maxLength: 200 }), (text) => {
        const whole = Buffer.from(text, 'utf8').toString('utf8')
        const cut = closeReason(text)
        const bytes = Buffer.byteLength(cut)
        expect(bytes).toBeLessThanOrEqual(120)
        expect(whole.startsWith(cut)).toBe(true)
        if (cut !== whole) expect(bytes).toBeGreaterThan(116)
      }),
    )
  })
})

test('the codes are those of the protocol', () => {
  expect(CLOSE).toEqual({
    protocol: 1002,
    policy: 1008,
    tooBig: 1009,
    internal: 1011,
    restart: 1012,
    tryLater: 1013,
    tickTimeout: 4000,
    authorityChanged: 4001,
  })
})
