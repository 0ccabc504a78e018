import { expect, test } from '@jest/globals'
import { duration, fingerprint, printable, table } from '../../lib/cli/printable.ts'

test.each(['\u001b[2J', '\r\n', '\u202e', '\u2067', '\u{E0041}', '\ud800', '\u009b', '\u2028', '\u0000'])(
  'nothing of %j reaches a terminal',
  (text) => {
    expect(printable(`a${text}b`)).toMatch(/^a[\ufffd[2J]+b$/)
  },
)

test('ordinary text stays', () => {
  expect(printable('Ünï → 家')).toBe('Ünï → 家')
})

test('a fingerprint is sixteen digits in groups', () => {
  expect(fingerprint('0123456789abcdef0000')).toBe('0123 4567 89ab cdef')
})

test.each([
  [-5, '0 s'],
  [1000, '1 s'],
  [89_000, '89 s'],
  [90_000, '2 min'],
  [2 * 3600_000, '2 h'],
  [3 * 86_400_000, '3 d'],
])('%d ms are %s', (ms, text) => {
  expect(duration(ms)).toBe(text)
})

test('columns line up', () => {
  expect(table(['a', 'bb'], [['1', '2'], ['333', '']])).toBe('A    BB\n1    2\n333') // prettier-ignore
})
