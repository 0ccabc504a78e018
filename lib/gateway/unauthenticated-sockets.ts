import { CLOSE } from '../protocol/index.ts'

/** Something that waits to be authenticated and can be made to give way. */
export type Waiting = {
  readonly prefix: string
  /** Its `connect` has arrived and is being decided: it is answered soon, whatever it says. */
  readonly isDeciding: boolean
  end(code: number, reason: string): void
}

/** What a client gets to answer the challenge before its silence counts, in milliseconds. */
const GRACE_MS = 1000
/** How many times the cap one prefix may reach with newcomers. */
const BURST = 4

/**
 * Counts those who have not proved who they are. When a cap is full somebody else gives way, never the newcomer:
 * an honest client must get in beside any number of stalled ones from the same address. Who gives way is the
 * oldest of those that were silent for a second; a burst of clients that answer at once ends none of its own, up
 * to four times the cap. It takes no room that other prefixes need: they come first when the whole is full.
 */
export class UnauthenticatedSockets {
  readonly #maxPerPrefix: number
  readonly #max: number
  readonly #now: () => number
  /** In the order of arrival, with its time. */
  readonly #all = new Map<Waiting, number>()
  readonly #byPrefix = new Map<string, Set<Waiting>>()
  #onEmpty: (() => void) | null = null
  /** The prefixes that are beyond their cap. */
  readonly #bursting = new Set<string>()

  constructor(maxPerPrefix: number, max: number, now: () => number = () => performance.now()) {
    this.#maxPerPrefix = maxPerPrefix
    this.#max = max
    this.#now = now
  }

  get size(): number {
    return this.#all.size
  }

  add(entry: Waiting): void {
    const { prefix } = entry
    const same = this.#byPrefix.get(prefix)
    if (same !== undefined && same.size >= this.#maxPerPrefix) this.#makeRoom(same)
    while (this.#all.size >= this.#max) this.#evict(this.#mostCrowded())

    this.#all.set(entry, this.#now())
    const own = this.#byPrefix.get(prefix) ?? new Set()
    own.add(entry)
    this.#byPrefix.set(prefix, own)
    if (own.size > this.#maxPerPrefix) this.#bursting.add(prefix)
  }

  delete(entry: Waiting): void {
    const { prefix } = entry
    this.#all.delete(entry)
    const same = this.#byPrefix.get(prefix)
    same?.delete(entry)
    if (same === undefined || same.size <= this.#maxPerPrefix) this.#bursting.delete(prefix)
    if (same?.size === 0) this.#byPrefix.delete(prefix)
    if (this.#all.size === 0) this.#onEmpty?.()
  }

  endAll(code: number, reason: string): void {
    for (const entry of [...this.#all.keys()]) entry.end(code, reason)
  }

  /** Ends those that nothing is being decided about, and resolves when the others have gone, or with `late`. */
  async drain(code: number, reason: string, late: Promise<void>): Promise<void> {
    for (const entry of [...this.#all.keys()]) if (!entry.isDeciding) entry.end(code, reason)
    if (this.#all.size > 0)
      await Promise.race([new Promise<void>((resolve) => (this.#onEmpty = resolve)), late])
    this.endAll(code, reason)
  }

  /** Ends all that are beyond the cap and had their time; one in any case when the burst is used up. */
  #makeRoom(same: ReadonlySet<Waiting>): void {
    const before = this.#now() - GRACE_MS
    for (const entry of [...same]) {
      if (same.size < this.#maxPerPrefix) return
      if (!entry.isDeciding && (this.#all.get(entry) ?? before) <= before) this.#end(entry)
    }
    if (same.size >= this.#maxPerPrefix * BURST) this.#evict(same)
  }

  #mostCrowded(): Iterable<Waiting> {
    for (const prefix of this.#bursting) return this.#byPrefix.get(prefix) ?? this.#all.keys()
    return this.#all.keys()
  }

  /** Whatever it does: each has as long as so many others take to arrive. */
  #evict(candidates: Iterable<Waiting>): void {
    for (const oldest of candidates) {
      this.#end(oldest)
      return
    }
  }

  #end(entry: Waiting): void {
    this.delete(entry)
    entry.end(CLOSE.tryLater, 'too many connections that have not proved who they are')
  }
}
