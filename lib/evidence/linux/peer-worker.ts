import { parentPort } from 'node:worker_threads'
import { inspectConnections, type Question } from './inspect-connections.ts'
import type { PeerEvidence } from '../../locality/verdict.ts'

export type SnapshotRequest = { readonly id: number; readonly questions: readonly Question[] }
/** `null` when `/proc` could not be read. */
export type SnapshotReply = { readonly id: number; readonly answers: readonly PeerEvidence[] | null }

// Most failures here are processes that have gone; nobody reads their stacks, which cost more than the call.
Error.stackTraceLimit = 0

parentPort?.on('message', ({ id, questions }: SnapshotRequest) => {
  void inspectConnections(questions)
    .catch(() => null)
    .then((answers) => parentPort?.postMessage({ id, answers } satisfies SnapshotReply))
})
