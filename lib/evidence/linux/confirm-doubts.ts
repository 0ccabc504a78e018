import { setTimeout as sleep } from 'node:timers/promises'
import type { PeerEvidence } from '../../locality/verdict.ts'
import type { Judgement } from './judge-holders.ts'

type Judge<T> = (candidate: T) => Judgement

const MAX_SNAPSHOTS = 3
const BETWEEN_SNAPSHOTS_MS = 100

/**
 * Judges each candidate, and again by a later snapshot while there is a doubt: a process is seen at any
 * moment, also between opening a socket and connecting it. The same doubt twice in a row is none any more;
 * a new one each time leaves the candidate unproven.
 */
export async function confirmDoubts<T>(
  candidates: readonly T[],
  /** Takes a snapshot for the candidates that are left, and returns what judges one of them by it. */
  look: (left: readonly T[], count: number) => Judge<T> | Promise<Judge<T>>,
): Promise<ReadonlyMap<T, PeerEvidence>> {
  const answers = new Map<T, PeerEvidence>()
  const doubts = new Map<T, string>()
  let left = candidates
  for (let count = 1; left.length > 0 && count <= MAX_SNAPSHOTS; count += 1) {
    if (count > 1) await sleep(BETWEEN_SNAPSHOTS_MS)
    const judge = await look(left, count)
    left = left.filter((candidate) => {
      const { evidence, doubt } = judge(candidate)
      const isFinal = doubt === null || doubts.get(candidate) === doubt
      answers.set(candidate, isFinal ? evidence : { ...evidence, status: 'unproven' })
      if (!isFinal) doubts.set(candidate, doubt)
      return !isFinal
    })
  }
  return answers
}
