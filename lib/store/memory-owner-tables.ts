import type { AuditEntry } from '../pairing/audit-entry.ts'
import type { Invite } from '../pairing/invite.ts'
import type { IgnoredDevice, StoredEvent } from '../pairing/pairing-store.ts'
import { LatchkeyError } from '../errors.ts'
import type { OwnerOperations } from './owner-statements.ts'

export type OwnerTables = {
  ignored: Map<string, IgnoredDevice>
  invites: Map<string, Invite>
  audit: Map<number, AuditEntry>
  events: Map<number, StoredEvent>
}

export type Synchronous<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => Promise<infer R> ? (...args: A) => R : never
}

export function ownerOperations(tables: OwnerTables): Synchronous<OwnerOperations> {
  const { ignored, invites, audit, events } = tables
  return {
    ignored: (deviceId) => ignored.get(deviceId) ?? null,
    ignoredDevices: () => [...ignored.values()].sort((a, b) => inOrder(a.deviceId, b.deviceId)),
    putIgnored: (one) => void ignored.set(one.deviceId, one),
    deleteIgnored: (deviceId) => void ignored.delete(deviceId),

    invite: (id) => invites.get(id) ?? null,
    inviteByToken: (hash) => [...invites.values()].find((invite) => invite.tokenHash === hash) ?? null,
    invites: () => [...invites.values()].sort((a, b) => a.createdAtMs - b.createdAtMs || inOrder(a.id, b.id)),
    putInvite: (invite) => void invites.set(invite.id, invite),
    deleteInvite: (id) => void invites.delete(id),

    lastAuditEntry: () => audit.get(audit.size) ?? null,
    auditEntries: ({ after, limit }) => [...audit.values()].slice(after, after + limit),
    addAuditEntry: (entry) => {
      if (audit.has(entry.seq)) throw new LatchkeyError('INVALID_REQUEST', 'this audit entry exists already')
      audit.set(entry.seq, entry)
    },

    events: ({ after, limit }) => [...events.values()].filter((event) => event.seq > after).slice(0, limit),
    lastEventSeq: () => lastSeq(events),
    addEvent: (event) => {
      const seq = lastSeq(events) + 1
      events.set(seq, { ...event, seq })
      return seq
    },
    deleteEvents: ({ upTo, beforeMs }) => {
      const old = [...events.values()].filter((event) => event.atMs < beforeMs)
      const newest = old.sort((a, b) => a.atMs - b.atMs || a.seq - b.seq).at(-1)?.seq ?? 0
      const end = Math.min(upTo, newest, lastSeq(events) - 1)
      const gone = [...events.keys()].filter((seq) => seq <= end)
      for (const seq of gone) events.delete(seq)
      return gone.length > 0 ? end : 0
    },
  }
}

/** By code units, as a database with binary collation. */
export function inOrder(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** They are added in order. */
function lastSeq(events: ReadonlyMap<number, unknown>): number {
  let last = 0
  for (const seq of events.keys()) last = seq
  return last
}
