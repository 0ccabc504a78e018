import { describe, expect, test } from '@jest/globals'
import { confirmed, freshToken, mintToken, rotated, standingOf } from '../../lib/pairing/token.ts'

describe('the record of a token', () => {
  test('remembers no more than sixteen, used or not', () => {
    let record = freshToken('d', 'operator', mintToken(), 0, null)
    for (let i = 0; i < 40; i += 1) record = rotated(record, mintToken(), i, null)
    expect(record.superseded).toHaveLength(16)
  })

  const [one, two, three] = [mintToken(), mintToken(), mintToken()]
  const first = freshToken('d', 'operator', one, 0, null)
  const second = rotated(first, two, 1, null)

  test.each([
    ['the first', first, one, 'current'],
    ['another', first, two, 'unknown'],
    ['empty text', first, '', 'unknown'],
    ['its own hash', first, first.hash, 'unknown'],
    ['the new one', second, two, 'current'],
    ['the old one', second, one, 'previous'],
    ['the old one, once the new one was used', confirmed(second), one, 'superseded'],
    ['a revoked one', { ...first, revokedAtMs: 5 }, one, 'revoked'],
    ['a revoked one before', { ...second, revokedAtMs: 5 }, one, 'revoked'],
    ['a replaced one of a revoked record', { ...confirmed(second), revokedAtMs: 5 }, one, 'revoked'],
    ['one on the millisecond of its end', { ...first, expiresAtMs: 10 }, one, 'expired'],
    ['one before its end', { ...first, expiresAtMs: 11 }, one, 'current'],
    ['one never used, replaced', rotated(second, three, 2, null), two, 'superseded'],
    ['the one in use, twice replaced', rotated(second, three, 2, null), one, 'previous'],
    ['one of before a revocation, replaced', rotated({ ...first, revokedAtMs: 1 }, three, 2, null), one, 'superseded'], // prettier-ignore
  ])('calls %s %4$s', (_what, record, token, expected) => {
    expect(standingOf(record, token, 10)).toBe(expected)
  })
})
