import { auditHash, NO_ENTRY_HASH, type AuditEntry } from '../../lib/pairing/index.ts'

/** What is wrong with the chain of an audit log; `null`: nothing. */
export function chainProblem(entries: readonly AuditEntry[]): string | null {
  let previous = NO_ENTRY_HASH
  for (const [i, entry] of entries.entries()) {
    if (entry.seq !== i + 1) return `entry ${i + 1} has seq ${entry.seq}`
    if (entry.previousHash !== previous) return `entry ${entry.seq} does not follow`
    if (auditHash(entry) !== entry.hash) return `entry ${entry.seq} was changed`
    previous = entry.hash
  }
  return null
}
