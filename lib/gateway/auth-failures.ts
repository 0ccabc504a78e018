import { FailureBuckets } from './failure-buckets.ts'
import type { GatewayLimits } from './limits.ts'

/** What went wrong; also the label of the metric, so the set is closed. */
export type AuthFailure = 'shared-secret' | 'device-token' | 'bootstrap-token' | 'device-proof'

/** Where failures are counted. */
export type Bucket =
  /** All clients of a network. */
  | { readonly kind: 'network'; readonly key: string }
  /** Clients at the gateway's own end: a bucket of few keys, which no flood pushes out. */
  | { readonly kind: 'near'; readonly key: string }
  /** A paired device that has proved its key. */
  | { readonly kind: 'device'; readonly key: string }

const MAX_BUCKETS = 10_000

export type AuthFailuresHooks = {
  readonly onFailure: (reason: AuthFailure) => void
  /** A bucket has just been used up. */
  readonly onUsedUp: (bucket: Bucket) => void
}

/** Counts failed authentication. Success does not reset a count. */
export class AuthFailures {
  readonly #buckets: Readonly<Record<Bucket['kind'], FailureBuckets>>
  readonly #hooks: AuthFailuresHooks
  #turn: Promise<unknown> = Promise.resolve()

  constructor(limits: GatewayLimits, hooks: AuthFailuresHooks) {
    const make = (): FailureBuckets =>
      new FailureBuckets({
        failures: limits.authFailures,
        windowMs: limits.authFailureWindowMs,
        blockMs: limits.authBlockMs,
        max: MAX_BUCKETS,
      })
    // Apart, so that a flood of networks pushes out none but networks.
    this.#buckets = { network: make(), near: make(), device: make() }
    this.#hooks = hooks
  }

  /** Milliseconds until all of them are open; `null`: they are. */
  async usedUpForMs(buckets: readonly Bucket[]): Promise<number | null> {
    const waits = await Promise.all(buckets.map(({ kind, key }) => this.#buckets[kind].usedUpForMs(key)))
    const longest = Math.max(0, ...waits.map((wait) => wait ?? 0))
    return longest === 0 ? null : longest
  }

  /** One failure, in each of the buckets. */
  async count(buckets: readonly Bucket[], reason: AuthFailure): Promise<void> {
    this.#hooks.onFailure(reason)
    for (const bucket of buckets) {
      if (await this.#buckets[bucket.kind].count(bucket.key)) this.#hooks.onUsedUp(bucket)
    }
  }

  /** Runs one after the other what looks at a bucket, compares and counts: in between nobody else may look. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => undefined)
    return result
  }

  close(): void {
    for (const buckets of Object.values(this.#buckets)) buckets.close()
  }
}
