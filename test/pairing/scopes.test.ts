import { describe, expect, test } from '@jest/globals'
import { isScope, scopeLattice, sortedUnion } from '../../lib/pairing/scopes.ts'

describe('the lattice of scopes', () => {
  const lattice = scopeLattice()

  test.each([
    [['operator.admin'], 'operator.read', true],
    [['operator.admin'], 'operator.pairing', true],
    [['operator.admin'], 'operator.made.up', true],
    [['operator.admin'], 'operatorx.read', false],
    [['operator.admin'], 'photos.read', false],
    [['operator.write'], 'operator.read', true],
    [['operator.write'], 'operator.admin', false],
    [['operator.read'], 'operator.write', false],
    [['photos.read'], 'photos.read', true],
    [[], 'operator.read', false],
    [['operator.*'], 'operator.admin', true],
  ])('%j implies %s: %s', (held, scope, implied) => {
    expect(lattice.implies(held, scope)).toBe(implied)
  })

  test('rules of an application are followed over several steps, and a cycle ends', () => {
    const own = scopeLattice({ 'a.all': ['a.some'], 'a.some': ['a.one', 'a.all'] })
    expect(own.implies(['a.all'], 'a.one')).toBe(true)
    expect(own.implies(['a.some'], 'a.all')).toBe(true)
    expect(own.implies(['a.one'], 'a.some')).toBe(false)
    expect(own.implies(['operator.admin'], 'operator.read')).toBe(false)
  })

  test('what is missing comes in the order asked', () => {
    expect(lattice.missing(['operator.write'], ['x.b', 'operator.read', 'x.a'])).toEqual(['x.b', 'x.a'])
  })
})

test.each(['a', 'operator.read', 'photos:write', 'a-b_c.d', 'A1', 'a'.repeat(64)])(
  '%s is a scope',
  (text) => {
    expect(isScope(text)).toBe(true)
  },
)

test.each([
  '',
  '.',
  'a.',
  'a..b',
  '1a',
  'a b',
  'a,b',
  'a|b',
  'ä',
  'a\n',
  'operator.*',
  '__proto__',
  'a'.repeat(65),
])('%j is not a scope', (text) => {
  expect(isScope(text)).toBe(false)
})

test('a union is sorted and has no duplicates', () => {
  expect(sortedUnion(['b', 'a'], ['a', 'c'])).toEqual(['a', 'b', 'c'])
})
