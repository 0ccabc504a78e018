import { describe, expect, test } from '@jest/globals'
import { verifyAudit, type AuditEntry, type AuditEvidence } from '../../lib/pairing/index.ts'
import { auditKey, GATEWAY, headOf, logOf, sealed } from './audit-logs.ts'

const key = auditKey()
const stranger = auditKey()
const log = logOf(10)
const at = (seq: number): AuditEntry => log[seq - 1] as AuditEntry
const stored = (seq: number): string => JSON.stringify(headOf(key, at(seq)))
const kept = (by: typeof key, entry: AuditEntry, gatewayId: unknown = GATEWAY): string =>
  JSON.stringify({ gatewayId, ...headOf(by, entry) })

const evidence: AuditEvidence = {
  gatewayId: GATEWAY,
  storedHead: stored(10),
  remembered: kept(key, at(10)),
  trustedKey: key.publicKey,
}
const problems = (rows: readonly unknown[], more: Partial<AuditEvidence> = {}) =>
  verifyAudit([rows], { ...evidence, ...more }).problems
const renumbered = (rows: readonly AuditEntry[]): AuditEntry[] =>
  rows.map((row, n) => ({ ...row, seq: n + 1 }))
const forged = sealed({ ...at(5), seq: 6, previousHash: at(5).hash })

describe('the words for what is wrong with the entries:', () => {
  test.each<[string, unknown[], string, number, string]>([
    ['one is gone', log.toSpliced(4, 1), 'dropped', 5, 'entry 5 is missing'],
    ['two are gone', log.toSpliced(4, 2), 'dropped', 5, 'entries 5 to 6 are missing'],
    ['the first is gone', log.slice(1), 'dropped', 1, 'entry 1 is missing'],
    ['one is there twice', log.toSpliced(5, 0, at(5)), 'inserted', 5, 'an entry 5 stands after entry 5'],
    ['one comes again', log.toSpliced(7, 0, at(3)), 'inserted', 3, 'an entry 3 stands after entry 7'],
    ['there is one before the first', [{ ...at(1), seq: 0 }, ...log], 'inserted', 0, 'an entry 0 stands after entry 0'],
    ['its content is another', log.with(4, { ...at(5), actor: 'host' }), 'changed', 5, 'its content does not fit its hash'],
    ['that of the first is another', log.with(0, { ...at(1), actor: 'x' }), 'changed', 1, 'its content does not fit its hash'],
    ['its content and its hash are others', log.with(4, sealed({ ...at(5), actor: 'host' })), 'changed', 5, 'entry 6 goes on from another entry 5'],
    ['its link is another', log.with(4, { ...at(5), previousHash: 'f'.repeat(64) }), 'changed', 5, 'its link to the entry before does not fit its hash'],
    ['the link of the first is another', log.with(0, { ...at(1), previousHash: 'f'.repeat(64) }), 'changed', 1, 'its link to the entry before does not fit its hash'],
    ['one was put in', renumbered(log.toSpliced(5, 0, forged)), 'inserted', 6, 'entry 7 once came right after entry 5'],
    ['one is gone, the gap closed', renumbered(log.toSpliced(4, 1)), 'dropped', 5, 'what stood before the entry that is here now is missing'],
    ['the first goes on from one that is not there', [sealed({ ...at(1), previousHash: 'f'.repeat(64) }), ...log.slice(1)], 'dropped', 1, 'what stood before the entry that is here now is missing'],
    ['two are swapped', renumbered(log.with(4, at(6)).with(5, at(5))), 'reordered', 5, 'entry 6 belongs before it'],
    ['what was put in comes with what was before it', [at(1), at(2), at(2), at(1), ...log.slice(2)], 'inserted', 2, 'an entry 2 stands after entry 2'],
    ['of two changes the first', log.with(7, { ...at(8), actor: 'host' }).toSpliced(4, 1), 'dropped', 5, 'entry 5 is missing'],
  ])('%s', (_title, rows, kind, seq, saw) => {
    expect(problems(rows)[0]).toEqual({ kind, seq, saw })
  }) // prettier-ignore
})

describe('the words for what is wrong with the signed head:', () => {
  const alone = { remembered: null }
  const badly = { ...headOf(key, at(10)), signature: headOf(key, at(9)).signature }

  test.each<[string, Partial<AuditEvidence>, string, number | null, string]>([
    ['there never was one', { storedHead: null, ...alone }, 'head-unsigned', null, 'the end of the log is not signed'],
    ['there was one', { storedHead: null }, 'truncated', null, 'the signed head is missing, although there was one'],
    ['no JSON', { storedHead: '{"seq"', ...alone }, 'head-forged', null, 'the head is not one'],
    ['null', { storedHead: 'null', ...alone }, 'head-forged', null, 'the head is not one'],
    ['a list', { storedHead: `[${stored(10)}]`, ...alone }, 'head-forged', null, 'the head is not one'],
    ['no key is trusted', { trustedKey: null, ...alone }, 'head-forged', null, `the head is signed by ${key.publicKey}, and no key is trusted`],
    ['of another key', { trustedKey: stranger.publicKey, ...alone }, 'head-forged', null, `the head is signed by another key, ${key.publicKey}`],
    ['of a stranger', { storedHead: JSON.stringify(headOf(stranger, at(10))), ...alone }, 'head-forged', null, `the head is signed by another key, ${stranger.publicKey}`],
    ['of a stranger who names our key', { storedHead: JSON.stringify({ ...headOf(stranger, at(10)), publicKey: key.publicKey }), ...alone }, 'head-forged', null, 'the signature of the head is wrong'],
    ['with the signature of another entry', { storedHead: JSON.stringify(badly), ...alone }, 'head-forged', null, 'the signature of the head is wrong'],
    ['of another gateway', { gatewayId: 'x', ...alone }, 'head-forged', null, 'the signature of the head is wrong'],
    ['of a later entry', { storedHead: JSON.stringify(headOf(key, { ...at(10), seq: 12 })), ...alone }, 'truncated', 11, 'the signed head is of entry 12, the last entry is 10'],
    ['of another entry', { storedHead: JSON.stringify(headOf(key, { ...at(10), hash: at(9).hash })), ...alone }, 'forked', 10, 'the signed head is of another entry 10'],
    ['of an earlier entry', { storedHead: stored(8), ...alone }, 'inserted', 9, 'nobody signed what comes after the signed head'],
  ])('%s', (_title, more, kind, seq, saw) => {
    expect(problems(log, more)).toEqual([{ kind, seq, saw }])
  }) // prettier-ignore

  test('of a log that is gone', () => {
    expect(problems([])).toEqual([
      { kind: 'truncated', seq: 1, saw: 'the signed head is of entry 10, the last entry is 0' },
      { kind: 'truncated', seq: 1, saw: 'the remembered head is of entry 10, the last entry is 0' },
    ])
  })

  test('of an entry that is not there', () => {
    expect(problems(log.toSpliced(4, 1), { storedHead: stored(5), ...alone })).toEqual([
      { kind: 'dropped', seq: 5, saw: 'entry 5 is missing' },
      { kind: 'dropped', seq: 5, saw: 'the signed head is of entry 5, which is missing' },
    ])
  })
})

describe('the words for what is wrong with the remembered head:', () => {
  const notTrusted = 'the remembered head is not signed by the trusted key'
  const elsewhere = 'the remembered head is that of another gateway'

  test.each<[string, Partial<AuditEvidence>, string, number | null, string]>([
    ['empty', { remembered: '' }, 'head-forged', null, 'the remembered head is not one'],
    ['null', { remembered: 'null' }, 'head-forged', null, 'the remembered head is not one'],
    ['without a hash', { remembered: JSON.stringify({ gatewayId: GATEWAY, seq: 10 }) }, 'head-forged', null, 'the remembered head is not one'],
    ['of another gateway', { remembered: kept(key, at(10), 'x') }, 'forked', null, elsewhere],
    ['of no gateway', { remembered: stored(10) }, 'forked', null, elsewhere],
    ['of a gateway that is no text', { remembered: kept(key, at(10), [GATEWAY]) }, 'forked', null, elsewhere],
    ['of a stranger', { remembered: kept(stranger, at(10)) }, 'head-forged', null, notTrusted],
    ['not signed', { remembered: JSON.stringify({ gatewayId: GATEWAY, ...headOf(key, at(10)), signature: 'A'.repeat(86) }) }, 'head-forged', null, notTrusted],
    ['of a later entry', { remembered: kept(key, { ...at(10), seq: 11 }) }, 'truncated', 11, 'the remembered head is of entry 11, the last entry is 10'],
    ['of another last entry', { remembered: kept(key, { ...at(10), hash: at(9).hash }) }, 'forked', 10, 'the remembered head is of another entry 10'],
    ['of another early entry', { remembered: kept(key, { ...at(3), hash: at(9).hash }) }, 'forked', 3, 'the remembered head is of another entry 3'],
  ])('%s', (_title, more, kind, seq, saw) => {
    expect(problems(log, more)).toEqual([{ kind, seq, saw }])
  }) // prettier-ignore

  test('one that no key is trusted for is no evidence', () => {
    const [, second] = problems(log, { trustedKey: null })
    expect(second).toEqual({ kind: 'head-forged', seq: null, saw: notTrusted })
  })
})
