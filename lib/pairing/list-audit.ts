import type { AuditEntry } from './audit-entry.ts'
import type { AuditProblemKind } from './audit-report.ts'
import type { PairingContext } from './pairing-context.ts'

/** Those after `after`, by seq, ascending; or with `newest` the last ones, ascending too. */
export type AuditPage = { readonly after?: number; readonly limit: number; readonly newest?: boolean }

export type AuditSlice = {
  readonly entries: readonly AuditEntry[]
  /** What keeps the end of the log from being signed; `null`: nothing that the gateway knows of. */
  readonly doubt: AuditProblemKind | null
}

/** Characters of a page: a slow client must not make the gateway hold megabytes for it. */
const MAX_PAGE = 256 * 1024

/** A part of the log; shorter than asked for when the entries are long, but never empty while there is one. */
export async function listAudit(
  { tx, audit }: PairingContext,
  { after = 0, limit, newest = false }: AuditPage,
): Promise<AuditSlice> {
  const end = newest ? ((await tx.lastAuditEntry())?.seq ?? 0) : 0
  const found = await tx.auditEntries({ after: newest ? Math.max(after, end - limit) : after, limit })
  const entries = newest ? fitting(found.toReversed()).toReversed() : fitting(found)
  return { entries, doubt: await audit.doubt() }
}

function fitting(entries: readonly AuditEntry[]): AuditEntry[] {
  let size = 0
  return entries.filter((entry, index) => {
    size += entry.details.length
    return index === 0 || size <= MAX_PAGE
  })
}
