import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { headerValues } from './header-values.ts'
import { ApiProblem } from './problem.ts'
import type { SentAnswer } from './send.ts'

const KEEP_MS = 24 * 60 * 60 * 1000
const MAX_PER_ACTOR = 500
const MAX_TOTAL = 5000
const KEY = /^(?:"([\x20\x21\x23-\x7e]{1,255})"|([\x21\x23-\x7e]{1,255}))$/

type Kept = { readonly fingerprint: string; readonly untilMs: number; answer: SentAnswer | null }

/**
 * Answers that were given, by who asked and the key that it chose (draft-ietf-httpapi-idempotency-key-header).
 * In memory, for a day, the oldest giving way when there are many: a restart forgets them.
 */
export type IdempotencyMemory = {
  /**
   * Runs `work`, or gives the answer that it gave before.
   *
   * @throws {ApiProblem} IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_KEY_IN_USE
   */
  once(actor: string, key: string, asked: string, work: () => Promise<SentAnswer>): Promise<SentAnswer>
}

/** @param nowMs a clock that never runs backwards */
export function idempotencyMemory(nowMs: () => number = () => performance.now()): IdempotencyMemory {
  const byActor = new Map<string, Map<string, Kept>>()
  let total = 0

  function forget(actor: string, key: string): void {
    const own = byActor.get(actor)
    if (own?.delete(key) === true) total -= 1
    if (own?.size === 0) byActor.delete(actor)
  }

  function forgetOldest(actor: string): void {
    const oldest = byActor.get(actor)?.keys().next().value
    if (oldest !== undefined) forget(actor, oldest)
  }

  /** The busiest one gives way, so that nobody can make others' answers be forgotten. */
  function makeRoom(actor: string): void {
    if ((byActor.get(actor)?.size ?? 0) >= MAX_PER_ACTOR) forgetOldest(actor)
    if (total < MAX_TOTAL) return
    const [busiest] = [...byActor].sort(([, a], [, b]) => b.size - a.size)
    if (busiest !== undefined) forgetOldest(busiest[0])
  }

  return {
    async once(actor, key, asked, work) {
      const fingerprint = createHash('sha256').update(asked, 'utf8').digest('base64url')
      const known = byActor.get(actor)?.get(key)
      if (known !== undefined && known.untilMs > nowMs()) return again(known, fingerprint)
      forget(actor, key)
      makeRoom(actor)
      const kept: Kept = { fingerprint, untilMs: nowMs() + KEEP_MS, answer: null }
      const own = byActor.get(actor) ?? new Map<string, Kept>()
      byActor.set(actor, own.set(key, kept))
      total += 1
      try {
        const answer = await work()
        if (isFinal(answer)) kept.answer = answer
        return answer
      } finally {
        if (kept.answer === null && byActor.get(actor)?.get(key) === kept) forget(actor, key)
      }
    },
  }
}

function again(known: Kept, fingerprint: string): SentAnswer {
  if (known.fingerprint !== fingerprint) {
    const message = 'this Idempotency-Key was used for another path or another body; choose a new one'
    throw new ApiProblem('IDEMPOTENCY_KEY_REUSED', message)
  }
  if (known.answer !== null) return known.answer
  throw new ApiProblem(
    'IDEMPOTENCY_KEY_IN_USE',
    'the first request with this key has no answer yet; ask again',
    {
      headers: { 'Retry-After': '1' },
    },
  )
}

/** What a retry may well turn out otherwise is not kept. */
function isFinal({ status }: SentAnswer): boolean {
  return status < 500 && status !== 412 && status !== 429
}

/**
 * The client's key, with or without the quotes of a structured field; `null` when it sent none.
 *
 * @throws {ApiProblem} IDEMPOTENCY_KEY_INVALID
 */
export function idempotencyKey(request: IncomingMessage): string | null {
  const values = headerValues(request, 'idempotency-key')
  if (values.length === 0) return null
  const match = values.length === 1 ? KEY.exec(values[0] ?? '') : null
  const key = match?.[1] ?? match?.[2]
  if (key !== undefined) return key
  throw new ApiProblem('IDEMPOTENCY_KEY_INVALID', 'expected one key of 1 to 255 printable ASCII characters')
}
