import { describe, expect, it } from '@jest/globals'
import { hasShape, headerShape } from '../../lib/locality/header-shape.ts'
import { localityPolicy } from '../../lib/locality/index.ts'

const policy = localityPolicy({ forwardingHeaders: ['x-gate'] })
const usual = ['Host', 'localhost', 'Accept', '*/*', 'Connection', 'keep-alive', 'Cookie', 'a=b']

function repeats(first: readonly string[], next: readonly string[]): boolean {
  return hasShape(next, headerShape(policy, first))
}

describe('the shape of a header list', () => {
  // prettier-ignore
  it.each<[string, string[], string[], boolean]>([
    ['the same list', usual, [...usual], true],
    ['other values that say nothing', usual, ['Host', 'localhost', 'Accept', 'text/html', 'Connection', 'keep-alive', 'Cookie', ''], true],
    ['an empty list', [], [], true],
    ['another Host', usual, usual.with(1, 'localhost.'), false],
    ['another Connection', usual, usual.with(5, 'close'), false],
    ['a name in other letters', usual, usual.with(2, 'accept'), false],
    ['another name', usual, usual.with(2, 'X-Forwarded-For'), false],
    ['a look-alike', usual, usual.with(2, 'X_Forwarded_For'), false],
    ['one field more', usual, [...usual, 'X-Forwarded-For', '203.0.113.7'], false],
    ['one field less', usual, usual.slice(0, -2), false],
    ['a list that was cut', usual, usual.slice(0, -1), false],
    ['one that was cut before', usual.slice(0, -1), usual, false],
    ['two that were cut alike', usual.slice(0, -1), usual.slice(0, -1), true],
    ['two that were cut after another name', usual.slice(0, -1), usual.slice(0, -1).with(6, 'Via'), false],
    ['fields in another order', usual, [...usual.slice(2), ...usual.slice(0, 2)], false],
    ['another hop', ['Host', 'localhost', 'X-Forwarded-For', '127.0.0.1'], ['Host', 'localhost', 'X-Forwarded-For', '127.0.0.2'], false],
    ['another value of a header of the operator', ['X-Gate', 'a'], ['X-Gate', 'b'], false],
    ['another value of a look-alike', ['X_Real.IP', 'a'], ['X_Real.IP', 'b'], false],
    ['another Origin', ['Origin', 'http://localhost'], ['Origin', 'null'], false],
    ['another Sec-Fetch-Site', ['Sec-Fetch-Site', 'none'], ['Sec-Fetch-Site', 'cross-site'], false],
    ['another authority', [':authority', 'localhost'], [':authority', 'example.org'], false],
    ['a value in place of an empty one', ['Host', ''], ['Host', 'localhost'], false],
  ])('%s', (_title, first, next, expected) => {
    expect(repeats(first, next)).toBe(expected)
  })
})
