import type { PeerEvidence } from '../../locality/verdict.ts'
import { inspectConnections, matchByTables, type Matched, type Question } from './inspect-connections.ts'
import { matchConnection } from './match-connection.ts'
import { withSocketDiagnosis, type Libc } from './netlink-socket.ts'

/**
 * Answers all questions as `inspectConnections` does, with the other ends found through netlink. Where that
 * cannot be asked (`libc` is missing, a sandbox forbids it), they are found in the tables of `/proc`.
 */
export function inspectThroughNetlink(
  questions: readonly Question[],
  libc: Libc | null,
): Promise<PeerEvidence[]> {
  return inspectConnections(questions, matchThroughNetlink(questions, libc) ?? matchByTables(questions))
}

/** Steps 1 and 2; `null` when the kernel cannot be asked. */
export function matchThroughNetlink(questions: readonly Question[], libc: Libc | null): Matched | null {
  if (libc === null) return null
  try {
    return withSocketDiagnosis(libc, (table) => ({
      peers: questions.map(({ connection }) => matchConnection(table, connection)),
    }))
  } catch {
    return null
  }
}
