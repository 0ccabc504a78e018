import { expect, test } from '@jest/globals'
import { readVerdict } from '../../../lib/cli/explain/read-verdict.ts'

const VERDICT = {
  isLocal: true,
  kind: 'direct',
  assurance: 'same-user',
  clientAddress: null,
  reason: 'local',
  trace: [{ rule: 'peer-unknown', outcome: 'pass', saw: '127.0.0.1' }],
  silent: true,
}

test('a verdict', () => {
  expect(readVerdict({ verdict: VERDICT })).toBe(VERDICT)
})

test('nobody had to find out', () => {
  expect(() => readVerdict({ verdict: null })).toThrow(/the owner approved/)
})

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['null', null],
  ['text', 'local'],
  ['no verdict', {}],
  ['a list', { verdict: [] }],
  ['no trace', { verdict: { ...VERDICT, trace: undefined } }],
  ['a trace of something', { verdict: { ...VERDICT, trace: [null] } }],
  ['an address that is none', { verdict: { ...VERDICT, clientAddress: 5 } }],
  ['advice that is none', { verdict: { ...VERDICT, advice: {} } }],
])('%s is refused', (_title, answer) => {
  expect(() => readVerdict(answer)).toThrow(/sent no verdict/)
})
