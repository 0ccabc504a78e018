import type { TraceEntry } from './verdict.ts'

/** Ours, or checked to be: printable ASCII of at most 120 characters. */
export function passed(rule: TraceEntry['rule'], saw: string): TraceEntry {
  return { rule, outcome: 'pass', saw }
}

export function skipped(rule: TraceEntry['rule'], saw: string): TraceEntry {
  return { rule, outcome: 'skip', saw }
}

/** `saw` may hold what a client sent. */
export function failed(rule: TraceEntry['rule'], saw: string): TraceEntry {
  return { rule, outcome: 'fail', saw: shown(saw) }
}

/** An entry that many traces share, and that nobody can change for the others. */
export function shared(entry: TraceEntry): TraceEntry {
  return Object.freeze(entry)
}

/** Printable ASCII, at most 120 characters: what a client sent must not reach a terminal as it is. */
export function shown(text: string): string {
  const cut = text.length > 120 ? `${text.slice(0, 119)}…` : text
  return /[^\x20-\x7e…]/.test(cut) ? cut.replaceAll(/[^\x20-\x7e…]/g, '?') : cut
}
