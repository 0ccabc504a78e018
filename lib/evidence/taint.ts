import type { PeerEvidence } from '../locality/index.ts'

/** A process as it is remembered: its id alone may be given to another one later. */
export type ProcessIdentity = { readonly pid: number; readonly startTime: string }

const REMEMBERED = 1000

/**
 * Remembers who was seen to speak for others: connections and processes from which a request with forwarding
 * headers came although no trusted proxy is there. In memory, bounded; the oldest are forgotten first.
 */
export class TaintMemory {
  readonly #connections = new WeakSet()
  readonly #processes = new Set<string>()
  #changes = 0

  /** Another number once anything more is tainted. */
  get changes(): number {
    return this.#changes
  }

  /** `key`: what stands for the connection. */
  taintConnection(key: object): void {
    if (this.#connections.has(key)) return
    this.#connections.add(key)
    this.#changes += 1
  }

  taintProcesses(peer: PeerEvidence): void {
    for (const holder of peer.holders ?? []) {
      if (this.#processes.has(keyOf(holder))) continue
      this.#processes.add(keyOf(holder))
      this.#changes += 1
      if (this.#processes.size > REMEMBERED) this.#forgetOldest()
    }
  }

  isTainted(key: object, peer: PeerEvidence): boolean {
    // A test, or an app, that plays a proxy to itself is none.
    if (peer.sign === 'own-process') return false
    return (
      this.#connections.has(key) || (peer.holders ?? []).some((holder) => this.#processes.has(keyOf(holder)))
    )
  }

  #forgetOldest(): void {
    for (const oldest of this.#processes) {
      this.#processes.delete(oldest)
      return
    }
  }
}

/** The memory of this process: what one middleware has seen, the others know. */
export const processTaint = new TaintMemory()

function keyOf({ pid, startTime }: ProcessIdentity): string {
  return `${pid} ${startTime}`
}
