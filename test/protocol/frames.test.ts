import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parseJson, readRequestFrame } from '../../lib/protocol/index.ts'

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)

describe('JSON of a stranger', () => {
  test('nests 64 deep and no deeper', () => {
    expect(parseJson(nested(64))).not.toBeNull()
    expect(parseJson(nested(65))).toBeNull()
    expect(parseJson('{"a":'.repeat(65) + '1' + '}'.repeat(65))).toBeNull()
  })

  test('200,000 nested arrays are refused before they are parsed', () => {
    expect(parseJson(nested(200_000))).toBeNull()
    expect(parseJson('['.repeat(200_000))).toBeNull()
  })

  test('closing what was never opened buys no depth', () => {
    expect(parseJson(']'.repeat(100) + nested(150))).toBeNull()
  })

  test('brackets inside of text do not count', () => {
    const text = JSON.stringify(`${'['.repeat(500)}\\"${'{'.repeat(500)}`)
    expect(parseJson(text)?.value).toBe(JSON.parse(text))
  })

  test.each([
    '',
    ' ',
    '{',
    '"open',
    '"\\',
    'NaN',
    '01',
    '1.',
    '.5',
    '+1',
    '0x10',
    'Infinity',
    "{'a':1}",
    '[1,]',
    'undefined',
    '{"a":1}}',
    '\u00a0{}',
  ])(
    // prettier-ignore
    '%j is not JSON',
    (text) => {
      expect(parseJson(text)).toBeNull()
    },
  )

  test('null is a value', () => {
    expect(parseJson('null')).toEqual({ value: null })
  })

  test('__proto__ and constructor stay plain keys and change nobody', () => {
    const text = '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}}}'
    const value = parseJson(text)?.value as object
    expect(Object.hasOwn(value, '__proto__')).toBe(true)
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined()
  })

  test('a lone surrogate goes in and comes out as it was', () => {
    expect(JSON.stringify(parseJson('"\\ud800"')?.value)).toBe('"\\ud800"')
  })

  test('is what JSON.parse makes of it, when it is shallow', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), (text) => {
        expect(parseJson(text)).toEqual({ value: JSON.parse(text) as unknown })
      }),
    )
  })

  test('never throws', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('[', ']', '{', '}', '"', ',', ':', '\\', 'u', '0', 'a', ' ', '\u{1F600}'),
        }),
        (text) => {
          parseJson(text)
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('the envelope of a request', () => {
  test('with and without params', () => {
    expect(readRequestFrame({ type: 'req', id: '1', method: 'm' })).toEqual({
      type: 'req',
      id: '1',
      method: 'm',
    })
    expect(readRequestFrame({ type: 'req', id: '1', method: 'm', params: null, more: 1 })).toEqual({
      type: 'req',
      id: '1',
      method: 'm',
      params: null,
    })
  })

  test.each<[unknown, string | null, RegExp]>([
    [null, null, /object/],
    [[], null, /object/],
    ['req', null, /object/],
    [7, null, /object/],
    [{}, null, /type/],
    [{ type: 'res', id: '1' }, '1', /type/],
    [{ type: 'REQ', id: '1', method: 'm' }, '1', /type/],
    [{ type: 'req', method: 'm' }, null, /id/],
    [{ type: 'req', id: 1, method: 'm' }, null, /id/],
    [{ type: 'req', id: '', method: 'm' }, null, /id/],
    [{ type: 'req', id: 'x'.repeat(129), method: 'm' }, null, /id/],
    [{ type: 'req', id: '1' }, '1', /method/],
    [{ type: 'req', id: '1', method: '' }, '1', /method/],
    [{ type: 'req', id: '1', method: {} }, '1', /method/],
    [{ type: 'req', id: '1', method: 'm'.repeat(129) }, '1', /method/],
  ])('%j: the problem, and the id when there is one', (value, id, problem) => {
    const read = readRequestFrame(value)
    expect(read).toEqual({ id, problem: expect.stringMatching(problem) as unknown })
  })
})
