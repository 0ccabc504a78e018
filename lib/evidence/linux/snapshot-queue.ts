import type { PeerEvidence } from '../../locality/verdict.ts'
import type { Question } from './inspect-connections.ts'

export type SnapshotLimits = {
  readonly timeoutMs: number
  readonly minIntervalMs: number
  readonly maxWaiting: number
}

export type SnapshotQueue = {
  /** Never rejects. */
  ask(question: Question): Promise<PeerEvidence>
  /** Everything that waits, and all that is asked from now on, is `unproven`. */
  close(): void
}

type Waiting = { readonly question: Question; settle(evidence: PeerEvidence): void }

/**
 * Lets questions that wait share the next snapshot. An answer never comes from a snapshot that began before
 * the question: the port may have changed hands since.
 */
export function snapshotQueue(
  take: (questions: readonly Question[]) => Promise<readonly PeerEvidence[]>,
  limits: SnapshotLimits,
): SnapshotQueue {
  const unanswered = new Set<Waiting>()
  let waiting: Waiting[] = []
  let state: 'idle' | 'scheduled' | 'running' | 'closed' = 'idle'
  let lastEnd = -Infinity

  function schedule(): void {
    if (state !== 'idle' || waiting.length === 0) return
    state = 'scheduled'
    // Also when there is nothing to wait for: what is asked in the same turn goes into the same snapshot.
    setTimeout(() => void run(), Math.max(0, lastEnd + limits.minIntervalMs - performance.now())).unref()
  }

  async function run(): Promise<void> {
    if (state === 'closed') return
    const batch = waiting.filter((entry) => unanswered.has(entry))
    waiting = []
    state = 'running'
    if (batch.length > 0) {
      const answers = await takeOrNone(batch.map(({ question }) => question))
      batch.forEach((entry, index) => entry.settle(answers[index] ?? unproven('the look-up failed')))
      lastEnd = performance.now()
    }
    if (isClosed()) return
    state = 'idle'
    schedule()
  }

  function refuse(): string | null {
    if (state === 'closed') return 'the look-up is closed'
    return unanswered.size >= limits.maxWaiting ? 'too many look-ups are waiting' : null
  }

  async function takeOrNone(questions: readonly Question[]): Promise<readonly PeerEvidence[]> {
    try {
      return await take(questions)
    } catch {
      return []
    }
  }

  // A function, because the compiler does not see that close() runs while a snapshot is awaited.
  const isClosed = (): boolean => state === 'closed'

  return {
    ask(question) {
      return new Promise((resolve) => {
        const refusal = refuse()
        if (refusal !== null) {
          resolve(unproven(refusal))
          return
        }
        const timer = setTimeout(
          () => entry.settle(unproven('the look-up took too long')),
          limits.timeoutMs,
        ).unref()
        const entry: Waiting = {
          question,
          settle(evidence) {
            clearTimeout(timer)
            unanswered.delete(entry)
            resolve(evidence)
          },
        }
        unanswered.add(entry)
        waiting.push(entry)
        schedule()
      })
    },
    close() {
      state = 'closed'
      for (const entry of unanswered) entry.settle(unproven('the look-up is closed'))
    },
  }
}

function unproven(sign: string): PeerEvidence {
  return { status: 'unproven', sign }
}
