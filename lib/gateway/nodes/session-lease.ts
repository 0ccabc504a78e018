/**
 * Every session is good only as long as its gateway knows of all revocations. The lease is renewed by each look at
 * the store that succeeded, and counts from before that look.
 */
export class SessionLease {
  readonly #leaseMs: number
  #confirmedAt: number

  /** @param leaseMs `null`: nobody else can revoke anything, so there is nothing to be confirmed */
  constructor(leaseMs: number | null) {
    this.#leaseMs = leaseMs ?? Infinity
    this.#confirmedAt = performance.now()
  }

  /** @param askedAt of `performance.now()`, before the store was asked */
  confirm(askedAt: number): void {
    this.#confirmedAt = Math.max(this.#confirmedAt, askedAt)
  }

  /** Asked at each call: a timer may be late. */
  get isValid(): boolean {
    return this.leftMs > 0
  }

  get leftMs(): number {
    return this.#confirmedAt + this.#leaseMs - performance.now()
  }
}
