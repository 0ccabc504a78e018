import { CLOSE } from '../protocol/index.ts'

/** Something that waits to be authenticated and can be made to give way. */
export type Waiting = {
  readonly prefix: string
  /** What it asked for is being decided now. */
  readonly isDeciding: boolean
  end(code: number, reason: string): void
}

/**
 * Counts those who have not proved who they are. When a cap is full the oldest gives way, never the
 * newcomer: an honest client must get in beside any number of stalled ones from the same address.
 */
export class UnauthenticatedSockets {
  readonly #maxPerPrefix: number
  readonly #max: number
  /** In the order of arrival. */
  readonly #all = new Set<Waiting>()
  readonly #byPrefix = new Map<string, Set<Waiting>>()
  #onEmpty: (() => void) | null = null

  constructor(maxPerPrefix: number, max: number) {
    this.#maxPerPrefix = maxPerPrefix
    this.#max = max
  }

  get size(): number {
    return this.#all.size
  }

  add(entry: Waiting): void {
    const same = this.#byPrefix.get(entry.prefix)
    if (same !== undefined && same.size >= this.#maxPerPrefix) this.#evict(same)
    else if (this.#all.size >= this.#max) this.#evict(this.#all)

    this.#all.add(entry)
    const own = this.#byPrefix.get(entry.prefix) ?? new Set()
    own.add(entry)
    this.#byPrefix.set(entry.prefix, own)
  }

  delete(entry: Waiting): void {
    this.#all.delete(entry)
    const same = this.#byPrefix.get(entry.prefix)
    same?.delete(entry)
    if (same?.size === 0) this.#byPrefix.delete(entry.prefix)
    if (this.#all.size === 0) this.#onEmpty?.()
  }

  endAll(code: number, reason: string): void {
    for (const entry of [...this.#all]) entry.end(code, reason)
  }

  /** Ends those that nothing is being decided about, and resolves when the others have gone, or with `late`. */
  async drain(code: number, reason: string, late: Promise<void>): Promise<void> {
    for (const entry of [...this.#all]) if (!entry.isDeciding) entry.end(code, reason)
    if (this.#all.size > 0)
      await Promise.race([new Promise<void>((resolve) => (this.#onEmpty = resolve)), late])
    this.endAll(code, reason)
  }

  #evict(candidates: ReadonlySet<Waiting>): void {
    for (const oldest of candidates) {
      this.delete(oldest)
      oldest.end(CLOSE.tryLater, 'too many connections that have not proved who they are')
      return
    }
  }
}
