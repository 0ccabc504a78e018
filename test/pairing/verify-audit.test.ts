import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  auditHash,
  NO_ENTRY_HASH,
  verifyAudit,
  type AuditEntry,
  type AuditEvidence,
  type AuditReport,
} from '../../lib/pairing/index.ts'
import { auditKey, GATEWAY, headOf, logOf, sealed } from './audit-logs.ts'

const key = auditKey()
/** Where the quick store is asked for, so are few inputs. */
const RUNS = process.env.LATCHKEY_TEST_STORES === 'memory' ? 20 : 300

/** What a gateway leaves that has written these entries. */
function evidenceOf(entries: readonly AuditEntry[], more: Partial<AuditEvidence> = {}): AuditEvidence {
  const head = headOf(key, entries.at(-1))
  return {
    gatewayId: GATEWAY,
    storedHead: JSON.stringify(head),
    remembered: JSON.stringify({ gatewayId: GATEWAY, ...head }),
    trustedKey: key.publicKey,
    ...more,
  }
}

const log = logOf(20)
const evidence = evidenceOf(log)
const at = (seq: number): AuditEntry => log[seq - 1] as AuditEntry
const verify = (rows: readonly unknown[], given = evidence): AuditReport => verifyAudit([rows], given)
const words = (report: AuditReport): string[] => report.problems.map(({ kind, seq }) => `${kind} ${seq ?? '-'}`) // prettier-ignore
/** The entries with those from `from` on numbered anew, without gaps. */
const renumbered = (rows: readonly AuditEntry[]): AuditEntry[] =>
  rows.map((row, n) => ({ ...row, seq: n + 1 }))

describe('an untouched log', () => {
  test('is as it was written, in pages of any size', () => {
    expect(verify(log)).toMatchObject({ ok: true, entries: 20, last: { seq: 20 }, problems: [] })
    expect(verifyAudit([log.slice(0, 7), [], log.slice(7)], evidence)).toMatchObject({ ok: true })
    expect(verify([], evidenceOf([], { storedHead: null, remembered: null }))).toMatchObject({ ok: true })
  })

  test('may have gone on since the head was remembered', () => {
    const remembered = JSON.stringify({ gatewayId: GATEWAY, ...headOf(key, at(12)) })
    expect(verify(log, { ...evidence, remembered })).toMatchObject({ ok: true, remembered: { seq: 12 } })
  })
})

describe('what was done to it has a word', () => {
  const changedAndHashed = sealed({ ...at(5), actor: 'host' })
  const forged = sealed({ ...at(5), seq: 6, previousHash: at(5).hash })
  const tail = sealed({ ...at(5), seq: 21, previousHash: at(20).hash })
  const other = logOf(20).slice(0, 12)
  for (let seq = 13; seq <= 20; seq += 1)
    other.push(sealed({ ...at(seq), actor: 'host', previousHash: other.at(-1)?.hash ?? '' }))

  test.each<[string, unknown[], string[]]>([
    ['details changed', log.with(4, { ...at(5), details: '{"seq":6}' }), ['changed 5']],
    ['actor changed', log.with(4, { ...at(5), actor: 'host' }), ['changed 5']],
    ['changed, with a new hash', log.with(4, changedAndHashed), ['changed 5']],
    ['link changed', log.with(4, { ...at(5), previousHash: 'f'.repeat(64) }), ['changed 5']],
    ['a middle row deleted', log.toSpliced(4, 1), ['dropped 5']],
    ['the first row deleted', log.slice(1), ['dropped 1']],
    ['deleted, the gap closed', renumbered(log.toSpliced(4, 1)), ['dropped 5', 'truncated 20', 'truncated 20']],
    ['a row put in, the rest moved up', renumbered(log.toSpliced(5, 0, forged)), ['inserted 6', 'forked 20', 'forked 20']],
    ['two rows of one seq', log.toSpliced(5, 0, at(5)), ['inserted 5']],
    ['a row before the first', [{ ...at(1), seq: 0 }, ...log], ['inserted 0']],
    ['two rows swapped', renumbered(log.with(4, at(6)).with(5, at(5))), ['reordered 5']],
    ['the last rows deleted', log.slice(0, 15), ['truncated 16', 'truncated 16']],
    ['all rows deleted', [], ['truncated 1', 'truncated 1']],
    ['a row added at the end', [...log, tail], ['inserted 21']],
    ['the end written anew', other, ['forked 20', 'forked 20']],
  ])('%s', (_title, rows, expected) => {
    expect(words(verify(rows))).toEqual(expected)
  }) // prettier-ignore

  test.each<[string, readonly AuditEntry[], Partial<AuditEvidence>, string[]]>([
    ['an older end with its own head put back', log.slice(0, 15), { storedHead: JSON.stringify(headOf(key, at(15))) }, ['truncated 16']],
    ['the end written anew and signed by the same key', other, { storedHead: JSON.stringify(headOf(key, other.at(-1))) }, ['forked 20']],
    ['the head removed', log, { storedHead: null }, ['truncated -']],
    ['nobody ever signed', log, { storedHead: null, remembered: null }, ['head-unsigned -']],
    ['a head of another key', log, { storedHead: JSON.stringify(headOf(auditKey(), at(20))) }, ['head-forged -']],
    ['a head of another gateway', log, { storedHead: JSON.stringify(headOf(key, at(20), 'x')) }, ['head-forged -']],
    ['the id of the gateway changed', log, { gatewayId: 'x' }, ['head-forged -', 'forked -']],
    ['a head that is none', log, { storedHead: '{"seq":"20"}' }, ['head-forged -']],
    ['a head that is empty', log, { storedHead: '' }, ['head-forged -']],
    ['no key is trusted', log, { trustedKey: null }, ['head-forged -', 'head-forged -']],
    ['a remembered head that is none', log, { remembered: 'null' }, ['head-forged -']],
    ['a remembered head that is forged', log, { remembered: JSON.stringify({ gatewayId: GATEWAY, ...headOf(auditKey(), at(20)) }) }, ['head-forged -']],
    ['a remembered head beyond the end', log, { remembered: JSON.stringify({ gatewayId: GATEWAY, ...headOf(key, { ...at(20), seq: 21 }) }) }, ['truncated 21']],
  ])('%s', (_title, rows, more, expected) => {
    expect(words(verify(rows, { ...evidence, ...more }))).toEqual(expected)
  }) // prettier-ignore

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['a text', 'entry'],
    ['seq NaN', { ...at(5), seq: Number.NaN }],
    ['seq null', { ...at(5), seq: null }],
    ['seq as text', { ...at(5), seq: '5' }],
    ['seq beyond what is exact', { ...at(5), seq: 2 ** 53 }],
    ['no time', { ...at(5), atMs: null }],
    ['half a millisecond', { ...at(5), atMs: 1.5 }],
    ['a kind that is none', { ...at(5), kind: '' }],
    ['actor as bytes', { ...at(5), actor: Buffer.from('x') }],
    ['device as number', { ...at(5), deviceId: 5 }],
    ['details cut off', sealed({ ...at(5), details: '{"a":' })],
    ['details that are a list', sealed({ ...at(5), details: '[]' })],
    ['no link', { ...at(5), previousHash: null }],
    ['no hash', { ...at(5), hash: null }],
  ])('a row that cannot be read is changed, not a crash: %s', (_title, row) => {
    expect(verify(log.with(4, row as AuditEntry)).problems[0]).toMatchObject({ kind: 'changed' })
  })
})

test('what is said names the entries that are missing', () => {
  const saw = (rows: readonly AuditEntry[], given = evidence) =>
    verify(rows, given).problems.map((one) => one.saw)
  expect(saw(log.toSpliced(4, 1))).toEqual(['entry 5 is missing'])
  expect(saw(log.toSpliced(4, 3))).toEqual(['entries 5 to 7 are missing'])
  const remembered = JSON.stringify({ gatewayId: GATEWAY, ...headOf(key, at(5)) })
  const report = verify(log.toSpliced(4, 1), { ...evidence, remembered })
  expect(words(report)).toEqual(['dropped 5', 'dropped 5'])
  expect(report.problems[1]?.saw).toBe('the remembered head is of entry 5, which is missing')
})

test('an entry put in behind one of long ago is called one that does not follow, at no cost of memory', () => {
  const long = logOf(10_003)
  const follows = (seq: number) => {
    const given = evidenceOf(long)
    const forged = sealed({ ...at(5), seq: seq + 1, previousHash: long[seq - 1]?.hash ?? '' })
    return words(verify([...long, { ...forged, seq: 10_004 }], given))[0]
  }
  expect(follows(4)).toBe('inserted 5')
  expect(follows(3)).toBe('dropped 10004')
  expect(follows(10_002)).toBe('inserted 10003')
})

describe('whatever is done to a log', () => {
  const whole = logOf(30)
  const heads = whole.map((entry) => JSON.stringify(headOf(key, entry)))
  const lengths = fc.integer({ min: 1, max: 30 })
  const fields = ['seq', 'atMs', 'kind', 'actor', 'deviceId', 'details', 'previousHash', 'hash'] as const

  test('any other value of any field of any entry is found', () => {
    const value = fc.oneof(
      fc.anything(),
      fc.integer(),
      fc.string(),
      fc.jsonValue().map((json) => JSON.stringify(json)),
    )
    fc.assert(
      fc.property(lengths, fc.nat(), fc.constantFrom(...fields), value, (length, place, field, other) => {
        const entries = whole.slice(0, length)
        const index = place % length
        const entry = entries[index] as AuditEntry
        fc.pre(!Object.is(entry[field], other))
        const rows = entries.with(index, { ...entry, [field]: other })
        expect(verify(rows, evidenceOf(entries)).ok).toBe(false)
        // Nor does a hash that was made anew hide it.
        if (field === 'hash' || typeof other !== typeof entry[field]) return
        const hashed = sealed(rows[index] as AuditEntry)
        expect(verify(entries.with(index, hashed), evidenceOf(entries)).ok).toBe(false)
      }),
      { numRuns: RUNS },
    )
  })

  test('any deletion, repetition, swap and truncation is found, with the numbers and with all hashes made anew', () => {
    const rewritten = (rows: readonly AuditEntry[]): AuditEntry[] => {
      const made: AuditEntry[] = []
      for (const row of renumbered(rows))
        made.push(sealed({ ...row, previousHash: made.at(-1)?.hash ?? NO_ENTRY_HASH }))
      return made
    }
    const act = fc.constantFrom('delete', 'repeat', 'swap', 'truncate')
    fc.assert(
      fc.property(lengths, act, fc.nat(), fc.nat(), (length, how, one, two) => {
        const entries = whole.slice(0, length)
        const [a, b] = [one % length, two % length]
        const [from, to] = [Math.min(a, b), Math.max(a, b)]
        const changed = {
          delete: entries.toSpliced(from, to - from + 1),
          repeat: entries.toSpliced(to, 0, entries[from] as AuditEntry),
          swap: entries.with(a, entries[b] as AuditEntry).with(b, entries[a] as AuditEntry),
          truncate: entries.slice(0, a),
        }[how]
        fc.pre(how !== 'swap' || a !== b)
        for (const rows of [changed, renumbered(changed), rewritten(changed)]) {
          const given = evidenceOf(entries)
          expect(verify(rows, given).ok).toBe(false)
          // A head that the key has signed before, for any earlier end, hides nothing either.
          for (const storedHead of heads.slice(0, length - 1))
            expect(verify(rows, { ...given, storedHead }).ok).toBe(false)
        }
      }),
      { numRuns: RUNS / 5 },
    )
  })

  test('the hash is over the text that the documents give', () => {
    const entry = at(3)
    const { seq, atMs, kind, actor, deviceId, details, previousHash } = entry
    const text = JSON.stringify(['latchkey.audit.1', seq, atMs, kind, actor, deviceId, details, previousHash]) // prettier-ignore
    expect(text.startsWith('["latchkey.audit.1",3,')).toBe(true)
    expect(auditHash(entry)).toBe(entry.hash)
  })
})
