import { expect, test } from '@jest/globals'
import { terminalOf } from '../../lib/cli/terminal.ts'
import { wrapped } from '../../lib/cli/wrapped.ts'

const TTY = { isTTY: true }

test.each<[Record<string, string>, string, string]>([
  [{ LANG: 'en_US.UTF-8' }, 'linux', '✓'],
  [{ LANG: 'de_DE.utf8' }, 'linux', '✓'],
  [{ LANG: 'en_US.UTF-8', LC_ALL: 'C' }, 'linux', '+'],
  [{ LANG: 'C', LC_CTYPE: 'C.UTF-8', LC_ALL: '' }, 'linux', '✓'],
  [{}, 'linux', '+'],
  [{}, 'darwin', '✓'],
  [{}, 'win32', '✓'],
])('%j on %s marks with %s', (env, platform, mark) => {
  expect(terminalOf(env, {}, platform).marks.good).toBe(mark)
})

test.each<[Record<string, string>, { isTTY?: boolean }, boolean]>([
  [{}, TTY, true],
  [{ NO_COLOR: '' }, TTY, true],
  [{ NO_COLOR: '1' }, TTY, false],
  [{ TERM: 'dumb' }, TTY, false],
  [{}, {}, false],
])('%j on %j is coloured: %s', (env, stream, isColoured) => {
  expect(terminalOf(env, stream).paint('bad', 'x')).toBe(isColoured ? '\u001b[31mx\u001b[0m' : 'x')
})

test.each<[string, number, string, string[]]>([
  ['', 10, '', []],
  ['one two three', 7, '', ['one two', 'three']],
  ['one two three', 9, '  ', ['  one two', '  three']],
  ['a wordthatistoolong b', 5, '', ['a', 'wordthatistoolong', 'b']],
  ['  spaces   between ', 80, '', ['spaces between']],
])('%j in %d', (text, width, indent, lines) => {
  expect(wrapped(text, width, indent)).toEqual(lines)
})
