import { parentPort } from 'node:worker_threads'
import type { PeerEvidence } from '../../locality/verdict.ts'
import type { Question } from './inspect-connections.ts'

export type SnapshotRequest = { readonly id: number; readonly questions: readonly Question[] }
/** `null` when the kernel could not be asked. */
export type SnapshotReply = { readonly id: number; readonly answers: readonly PeerEvidence[] | null }

/** What the thread of a look-up does: answers each request of the main thread with one snapshot. */
export function serveSnapshots(inspect: (questions: readonly Question[]) => Promise<PeerEvidence[]>): void {
  // Most failures here are processes that have gone; nobody reads their stacks, which cost more than the call.
  Error.stackTraceLimit = 0
  parentPort?.on('message', ({ id, questions }: SnapshotRequest) => {
    void inspect(questions)
      .catch(() => null)
      .then((answers) => parentPort?.postMessage({ id, answers } satisfies SnapshotReply))
  })
}
