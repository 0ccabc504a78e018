import { auditHash, NO_ENTRY_HASH, type AuditEntry, type AuditKind } from './audit-entry.ts'
import type { AuditProblem } from './audit-report.ts'
import { isWholeNumber } from './whole-number.ts'

/** Hashes that are remembered, to tell an entry that was put in from one that was taken out. */
const RECENT = 10_000

type Link = { readonly seq: number; readonly hash: string }

/** Walks along the chain: every entry once, in the order of the store. */
export type ChainChecker = {
  readonly count: number
  readonly last: Link | null
  readonly problem: AuditProblem | null
  /** The hash of the entry with a watched seq. */
  hashAt(seq: number): string | undefined
  /** A row as it was read: nothing about it is trusted. */
  add(row: unknown): void
}

export function chainChecker(watched: ReadonlySet<number>): ChainChecker {
  const recent = new Map<string, number>()
  const hashes = new Map<number, string>()
  let count = 0
  let last: Link | null = null
  let problem: AuditProblem | null = null
  /** After a `dropped`: turns up when the entry was only moved. */
  let missing: string | null = null

  function note(entry: AuditEntry): void {
    last = { seq: entry.seq, hash: entry.hash }
    if (watched.has(entry.seq)) hashes.set(entry.seq, entry.hash)
    recent.set(entry.hash, entry.seq)
    if (recent.size <= RECENT) return
    const [oldest = ''] = recent.keys()
    recent.delete(oldest)
  }

  return {
    get count() {
      return count
    },
    get last() {
      return last
    },
    get problem() {
      return problem
    },
    hashAt: (seq) => hashes.get(seq),
    add(row) {
      count += 1
      const entry = readEntry(row)
      if ('unreadable' in entry) {
        problem ??= { kind: 'changed', seq: entry.seq, saw: entry.unreadable }
        return
      }
      if (problem === null) {
        problem = problemOf(entry, last, recent)
        missing = problem?.kind === 'dropped' ? entry.previousHash : null
      } else if (entry.hash === missing) {
        problem = { ...problem, kind: 'reordered', saw: `entry ${entry.seq} belongs before it` }
        missing = null
      }
      note(entry)
    },
  }
}

function problemOf(
  entry: AuditEntry,
  last: Link | null,
  recent: ReadonlyMap<string, number>,
): AuditProblem | null {
  const { seq } = entry
  const expected = (last?.seq ?? 0) + 1
  const before = last?.hash ?? NO_ENTRY_HASH
  if (seq > expected) {
    const gap = seq === expected + 1 ? `entry ${expected} is` : `entries ${expected} to ${seq - 1} are`
    return { kind: 'dropped', seq: expected, saw: `${gap} missing` }
  }
  if (seq < expected) return { kind: 'inserted', seq, saw: `an entry ${seq} stands after entry ${expected - 1}` }

  const isWhole = auditHash(entry) === entry.hash
  const isLinked = entry.previousHash === before
  if (isWhole && isLinked) return null
  if (isLinked) return { kind: 'changed', seq, saw: 'its content does not fit its hash' }
  if (isWhole && last !== null)
    return { kind: 'changed', seq: last.seq, saw: `entry ${seq} goes on from another entry ${last.seq}` }
  if (auditHash({ ...entry, previousHash: before }) === entry.hash)
    return { kind: 'changed', seq, saw: 'its link to the entry before does not fit its hash' }
  const follows = recent.get(entry.previousHash)
  if (follows !== undefined)
    return { kind: 'inserted', seq: follows + 1, saw: `entry ${seq} once came right after entry ${follows}` }
  return { kind: 'dropped', seq, saw: 'what stood before the entry that is here now is missing' }
} // prettier-ignore

type Unreadable = { readonly seq: number | null; readonly unreadable: string }

function readEntry(row: unknown): AuditEntry | Unreadable {
  const fields = (typeof row === 'object' && row !== null ? row : {}) as Readonly<Record<string, unknown>>
  const { seq, atMs, kind, actor, deviceId, details, previousHash, hash } = fields
  if (!isWholeNumber(seq)) return { seq: null, unreadable: 'there is an entry whose seq is not a number' }
  const bad = (name: string): Unreadable => ({ seq, unreadable: `its ${name} cannot be read` })
  if (!isWholeNumber(atMs)) return bad('time')
  if (typeof kind !== 'string' || kind === '') return bad('kind')
  if (typeof actor !== 'string' || actor === '') return bad('actor')
  if (deviceId !== null && typeof deviceId !== 'string') return bad('device')
  if (typeof details !== 'string' || !isJsonObject(details)) return bad('details')
  if (typeof previousHash !== 'string') return bad('link to the entry before')
  if (typeof hash !== 'string') return bad('hash')
  return { seq, atMs, kind: kind as AuditKind, actor, deviceId, details, previousHash, hash }
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}
