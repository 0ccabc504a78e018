import { expect, test } from '@jest/globals'
import { remembered } from '../../lib/locality/remembered.ts'

function counting(limits: { entries: number; maxLength: number }): { ask: (text: string) => unknown; asked: string[] } {
  const asked: string[] = []
  const ask = remembered((text) => {
    asked.push(text)
    return text === 'none' ? null : { text }
  }, limits)
  return { ask, asked }
} // prettier-ignore

test('a text is worked out once, and so is one that means nothing', () => {
  const { ask, asked } = counting({ entries: 4, maxLength: 4 })
  expect(ask('some')).toBe(ask('some'))
  expect([ask('none'), ask('none')]).toEqual([null, null])
  expect(asked).toEqual(['some', 'none'])
})

test('a full memory forgets all at once, and goes on', () => {
  const { ask, asked } = counting({ entries: 2, maxLength: 4 })
  for (const text of ['a', 'b', 'a', 'b', 'c', 'c', 'a']) ask(text)
  expect(asked).toEqual(['a', 'b', 'c', 'a'])
})

test('a text that is too long is answered and not kept, and pushes nothing out', () => {
  const { ask, asked } = counting({ entries: 1, maxLength: 4 })
  for (const text of ['four', 'fives', 'fives', 'four']) ask(text)
  expect(asked).toEqual(['four', 'fives', 'fives'])
})
