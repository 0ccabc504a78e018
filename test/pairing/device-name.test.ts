import { expect, test } from '@jest/globals'
import { cleanName, mixesScripts } from '../../lib/pairing/device-name.ts'

const E_ACUTE = '\u00e9'

test.each([
  ['my phone', 'my phone'],
  [undefined, null],
  ['', null],
  [' \t\n ', null],
  ['a\u001b[2Jb', 'a [2Jb'],
  ['a\r\nb', 'a b'],
  ['user\u202Egnp.exe', 'user gnp.exe'],
  ['\u2067x\u2069', 'x'],
  ['x\u{E0041}\u{E0042}', 'x'],
  ['\u200B\u200D\uFEFF', null],
  ['e\u0301', E_ACUTE],
  ['lone \uD800 surrogate', 'lone surrogate'],
  ['private \uE000 use', 'private use'],
  ['line\u2028separator', 'line separator'],
  ['\u5bb6\u306e\u30b5\u30fc\u30d0\u30fc', '\u5bb6\u306e\u30b5\u30fc\u30d0\u30fc'],
  ['a  b', 'a b'],
  ['a ', 'a'],
  ['a \u202e', 'a'],
  [`${' '.repeat(3000)}x`, null],
])('%j becomes %j', (given, expected) => {
  expect(cleanName(given)).toBe(expected)
})

test('fifty accents on one letter become four', () => {
  expect(cleanName(`x${'\u0316'.repeat(50)}y`)).toBe(`x${'\u0316'.repeat(4)}y`)
})

test.each(['\u1100', '\uff9e', '\u{1F3FF}'])('letters that join without end (%j) are cut', (joining) => {
  expect(Array.from(cleanName(`x${joining.repeat(500)}`) ?? '').length).toBeLessThanOrEqual(64 * 8)
  expect(Array.from(cleanName(joining.repeat(500)) ?? '').length).toBeLessThanOrEqual(64 * 8)
  const cut = joining.repeat(8)
  expect(Array.from(cleanName(`${joining.repeat(500)} x`) ?? '')).toHaveLength(10)
  expect(cleanName(joining.repeat(9))).toBe(cut)
  expect(cleanName(cut)).toBe(cut)
})

test('a name of letters that show nothing is none', () => {
  expect(cleanName('\u3164\u115f\u1160\uffa0\u2800')).toBeNull()
})

test('a name has at most 64 graphemes', () => {
  expect(cleanName('z'.repeat(1000))).toHaveLength(64)
  expect(cleanName(` ${'z'.repeat(64)}`)).toHaveLength(64)
  expect(cleanName(`${E_ACUTE}${'z'.repeat(63)}`)).toHaveLength(64)
  expect(Array.from(cleanName('\u{1F600}'.repeat(100)) ?? '')).toHaveLength(64)
})

test('a name of a megabyte takes no time to speak of and stays bounded', () => {
  expect((cleanName('a\u0301'.repeat(500_000)) ?? '').length).toBeLessThanOrEqual(64 * 5)
})

test('a name is cut, not refused: white space at the cut goes too', () => {
  expect(cleanName(`${'z'.repeat(63)} more`)).toBe('z'.repeat(63))
})

test.each([
  ['phone', false],
  ['Büro 2', false],
  ['телефон', false],
  ['家のサーバー', false],
  ['phone 家', false],
  ['phоne', true],
  ['Αdmin', true],
  ['οператор', true],
  ['admiռ', true],
  ['Ꭺdmin', true],
  ['ⲁdmin', true],
  ['', false],
])('%s mixes scripts whose letters look alike: %s', (name, expected) => {
  expect(mixesScripts(name)).toBe(expected)
})
