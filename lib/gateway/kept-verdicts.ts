import type { LocalityVerdict } from '../locality/index.ts'

const REMEMBERED = 16

/**
 * Keeps verdicts for as long as connections last. Those of a machine's own clients are few and alike, so equal ones
 * are kept once, and frozen, as many connections share them.
 */
export class KeptVerdicts {
  readonly #known: LocalityVerdict[] = []
  #next = 0

  /** One that equals this one. */
  keep(verdict: LocalityVerdict): LocalityVerdict {
    const same = this.#known.find((known) => areEqual(known, verdict))
    if (same !== undefined) return same
    for (const entry of verdict.trace) Object.freeze(entry)
    const kept = Object.freeze({ ...verdict, trace: Object.freeze(verdict.trace.slice()) })
    this.#known[this.#next] = kept
    this.#next = (this.#next + 1) % REMEMBERED
    return kept
  }
}

function areEqual(a: LocalityVerdict, b: LocalityVerdict): boolean {
  return (
    a.reason === b.reason &&
    a.isLocal === b.isLocal &&
    a.kind === b.kind &&
    a.assurance === b.assurance &&
    a.clientAddress === b.clientAddress &&
    a.silent === b.silent &&
    a.advice === b.advice &&
    a.trace.length === b.trace.length &&
    a.trace.every((entry, index) => {
      const other = b.trace[index]
      return (
        entry === other ||
        (entry.rule === other?.rule && entry.outcome === other.outcome && entry.saw === other.saw)
      )
    })
  )
}
