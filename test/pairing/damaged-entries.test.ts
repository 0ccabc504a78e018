import { describe, expect, test } from '@jest/globals'
import { chainChecker } from '../../lib/pairing/check-audit-chain.ts'
import { sealed, logOf } from './audit-logs.ts'

const log = logOf(6)
const entry = log[2] as (typeof log)[number]

/** What is found when the third row is this one; it has the hash of what it says, where it can have one. */
function found(row: unknown) {
  const checker = chainChecker(new Set())
  for (const one of log.with(2, row as typeof entry)) checker.add(one)
  expect(checker.count).toBe(6)
  return checker.problem
}

const withField = (change: Record<string, unknown>): unknown => sealed({ ...entry, ...change })

test('a row as it was written is no damage', () => {
  expect(found(withField({}))).toBeNull()
})

describe('a row of the log with a field that no gateway writes is damage, whatever its hash is:', () => {
  test.each<[string, string, unknown]>([
    ['time', 'atMs', null],
    ['time', 'atMs', undefined],
    ['time', 'atMs', '1700000000003'],
    ['time', 'atMs', 1.5],
    ['time', 'atMs', 2 ** 53],
    ['kind', 'kind', ''],
    ['kind', 'kind', null],
    ['kind', 'kind', 7],
    ['kind', 'kind', ['silent-grant']],
    ['actor', 'actor', ''],
    ['actor', 'actor', null],
    ['actor', 'actor', 7],
    ['actor', 'actor', Buffer.from('host')],
    ['device', 'deviceId', undefined],
    ['device', 'deviceId', 5],
    ['device', 'deviceId', {}],
    ['details', 'details', ''],
    ['details', 'details', '{"a":'],
    ['details', 'details', 'null'],
    ['details', 'details', '7'],
    ['details', 'details', '"x"'],
    ['details', 'details', '[]'],
    ['details', 'details', null],
    ['details', 'details', {}],
    // A blob: its text would be JSON.
    ['details', 'details', Buffer.from('{}')],
    ['link to the entry before', 'previousHash', null],
    ['link to the entry before', 'previousHash', 7],
    ['link to the entry before', 'previousHash', [entry.previousHash]],
  ])('%s: %s %j', (name, field, value) => {
    expect(found(withField({ [field]: value }))).toEqual({
      kind: 'changed',
      seq: 3,
      saw: `its ${name} cannot be read`,
    })
  })

  test.each<[unknown]>([[undefined], [null], [7], [[entry.hash]]])('hash: %j', (hash) => {
    expect(found({ ...entry, hash })).toEqual({ kind: 'changed', seq: 3, saw: 'its hash cannot be read' })
  })

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'entry'],
    ['an empty row', {}],
    ['seq as text', withField({ seq: '3' })],
    ['seq null', withField({ seq: null })],
    ['half a seq', withField({ seq: 3.5 })],
    ['seq NaN', withField({ seq: Number.NaN })],
    ['seq beyond what is exact', withField({ seq: 2 ** 53 })],
    ['seq as a list', withField({ seq: [3] })],
  ])('seq: %s', (_title, row) => {
    const saw = 'there is an entry whose seq is not a number'
    expect(found(row)).toEqual({ kind: 'changed', seq: null, saw })
  })
})

test('the first damage is what is told', () => {
  const checker = chainChecker(new Set())
  checker.add({ ...entry, hash: null })
  checker.add({ ...entry, kind: '' })
  checker.add(log[5])
  expect(checker.problem).toEqual({ kind: 'changed', seq: 3, saw: 'its hash cannot be read' })
  expect([checker.count, checker.last]).toEqual([3, { seq: 6, hash: log[5]?.hash }])
})

test('of all the hashes those that are watched are kept, and no others', () => {
  const checker = chainChecker(new Set([2, 5]))
  for (const one of log) checker.add(one)
  const kept = [1, 2, 3, 4, 5, 6].map((seq) => checker.hashAt(seq))
  expect(kept).toEqual([undefined, log[1]?.hash, undefined, undefined, log[4]?.hash, undefined])
})
