import { expect, test } from '@jest/globals'
import type { AuditPage } from '../../lib/pairing/list-audit.ts'
import { logOf, sealed } from './audit-logs.ts'
import { HOST, onEachStore } from './on-each-store.ts'

const KIB = 1024

onEachStore('a part of the audit log', {}, (bench) => {
  const seqs = async (page: AuditPage): Promise<number[]> =>
    (await bench.fixture.service.auditEntries(HOST, page)).entries.map(({ seq }) => seq)
  const fill = (count: number) =>
    bench.store.transaction(async (tx) => {
      for (const entry of logOf(count)) await tx.addAuditEntry(entry)
    })

  test('is of those after a number, or of the last ones, ascending', async () => {
    await fill(9)
    expect(await seqs({ limit: 3 })).toEqual([1, 2, 3])
    expect(await seqs({ after: 3, limit: 3 })).toEqual([4, 5, 6])
    expect(await seqs({ after: 8, limit: 3 })).toEqual([9])
    expect(await seqs({ after: 9, limit: 3 })).toEqual([])
    expect(await seqs({ newest: true, limit: 3 })).toEqual([7, 8, 9])
    expect(await seqs({ newest: true, after: 7, limit: 3 })).toEqual([8, 9])
    expect(await seqs({ newest: true, after: 2, limit: 3 })).toEqual([7, 8, 9])
    expect(await seqs({ newest: true, limit: 100 })).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  test('of one that is empty is empty', async () => {
    expect(await seqs({ limit: 3 })).toEqual([])
    expect(await seqs({ newest: true, limit: 3 })).toEqual([])
  })

  test('is shorter when the entries are long, and never empty while there is one', async () => {
    const kib = [100, 100, 56, 100, 300, 1]
    await bench.store.transaction(async (tx) => {
      for (const [n, size] of kib.entries()) {
        const details = JSON.stringify('x'.repeat(size * KIB - 2))
        const [entry] = logOf(1)
        if (entry !== undefined) await tx.addAuditEntry(sealed({ ...entry, seq: n + 1, details }))
      }
    })
    // 256 KiB at a time.
    expect(await seqs({ limit: 10 })).toEqual([1, 2, 3])
    expect(await seqs({ after: 3, limit: 10 })).toEqual([4])
    expect(await seqs({ after: 4, limit: 10 })).toEqual([5])
    expect(await seqs({ newest: true, limit: 10 })).toEqual([6])
    expect(await seqs({ newest: true, limit: 1 })).toEqual([6])
  })
})
