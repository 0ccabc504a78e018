import { RateLimiterMemory } from 'rate-limiter-flexible'

export type BucketOptions = {
  /** Failures until a bucket is used up. */
  readonly failures: number
  /** From the first failure, in milliseconds, after which they are forgotten. */
  readonly windowMs: number
  /** How long a bucket stays used up, in milliseconds. */
  readonly blockMs: number
  /** Buckets that are kept; beyond that the one whose last failure is the oldest is forgotten. */
  readonly max: number
}

/**
 * Counts failures by key, in memory that a flood of keys cannot make grow. Whoever pushes a bucket out has
 * spent more failures on that than the bucket would have allowed.
 */
export class FailureBuckets {
  readonly #options: BucketOptions
  readonly #limiter: RateLimiterMemory
  /** In the order of their last failure; with the time (of `performance.now`) when all is forgotten. */
  readonly #keys = new Map<string, number>()

  constructor(options: BucketOptions) {
    this.#options = options
    const { failures, windowMs } = options
    this.#limiter = new RateLimiterMemory({ points: failures, duration: windowMs / 1000 })
  }

  get size(): number {
    return this.#keys.size
  }

  /** Milliseconds until the bucket is open again; `null`: it is not used up. */
  async usedUpForMs(key: string): Promise<number | null> {
    const state = await this.#limiter.get(key)
    if (state === null || state.consumedPoints < this.#options.failures) return null
    // The library measures with the wall clock, which may have been set; its timers do not.
    return Math.min(Math.max(1, state.msBeforeNext), this.#options.blockMs)
  }

  /**
   * Counts one failure; one in a bucket that is used up neither counts nor makes it last longer.
   *
   * @returns true when this one has used the bucket up
   */
  async count(key: string): Promise<boolean> {
    if ((await this.usedUpForMs(key)) !== null) return false
    const { failures, windowMs, blockMs } = this.#options
    this.#keep(key, performance.now() + Math.max(windowMs, blockMs))
    const { consumedPoints } = await this.#limiter.penalty(key)
    if (consumedPoints < failures) return false
    await this.#limiter.block(key, blockMs / 1000)
    return true
  }

  /** Forgets all. */
  close(): void {
    for (const key of [...this.#keys.keys()]) this.#forget(key)
  }

  #keep(key: string, untilMs: number): void {
    this.#keys.delete(key)
    for (const [oldest, endMs] of this.#keys) {
      if (this.#keys.size < this.#options.max && endMs > performance.now()) break
      this.#forget(oldest)
    }
    this.#keys.set(key, untilMs)
  }

  #forget(key: string): void {
    this.#keys.delete(key)
    void this.#limiter.delete(key)
  }
}
