import type { Insertable, Selectable } from 'kysely'
import type { AuditEntry } from '../pairing/audit-entry.ts'
import type { Invite } from '../pairing/invite.ts'
import type { IgnoredDevice, StoredEvent } from '../pairing/pairing-store.ts'
import { numberOrNull } from './rows.ts'
import type { AuditTable, EventTable, IgnoredTable, InviteTable } from './schema.ts'
import { readAsks } from './stored-list.ts'

export function ignoredRow(ignored: IgnoredDevice): Insertable<IgnoredTable> {
  return {
    device_id: ignored.deviceId,
    display_name: ignored.displayName,
    ignored_by: ignored.ignoredBy,
    ignored_at_ms: ignored.ignoredAtMs,
  }
}

export function ignoredOf(row: Selectable<IgnoredTable>): IgnoredDevice {
  return {
    deviceId: row.device_id,
    displayName: row.display_name,
    ignoredBy: row.ignored_by,
    ignoredAtMs: Number(row.ignored_at_ms),
  }
}

export function inviteRow(invite: Invite): Insertable<InviteTable> {
  return {
    id: invite.id,
    token_hash: invite.tokenHash,
    asks: JSON.stringify(invite.asks),
    label: invite.label,
    created_by: invite.createdBy,
    silent_host: invite.silentHost,
    is_first_owner: Number(invite.isFirstOwner),
    created_at_ms: invite.createdAtMs,
    expires_at_ms: invite.expiresAtMs,
    used_by: invite.usedBy,
    used_at_ms: invite.usedAtMs,
  }
}

export function inviteOf(row: Selectable<InviteTable>): Invite {
  return {
    id: row.id,
    tokenHash: row.token_hash,
    asks: readAsks(row.asks),
    label: row.label,
    createdBy: row.created_by,
    silentHost: row.silent_host,
    isFirstOwner: row.is_first_owner !== 0,
    createdAtMs: Number(row.created_at_ms),
    expiresAtMs: Number(row.expires_at_ms),
    usedBy: row.used_by,
    usedAtMs: numberOrNull(row.used_at_ms),
  }
}

export function auditRow(entry: AuditEntry): Insertable<AuditTable> {
  return {
    seq: entry.seq,
    at_ms: entry.atMs,
    kind: entry.kind,
    actor: entry.actor,
    device_id: entry.deviceId,
    details: entry.details,
    previous_hash: entry.previousHash,
    hash: entry.hash,
  }
}

export function auditEntryOf(row: Selectable<AuditTable>): AuditEntry {
  return {
    seq: Number(row.seq),
    atMs: Number(row.at_ms),
    kind: row.kind,
    actor: row.actor,
    deviceId: row.device_id,
    details: row.details,
    previousHash: row.previous_hash,
    hash: row.hash,
  }
}

export function eventOf(row: Selectable<EventTable>): StoredEvent {
  return { seq: Number(row.seq), atMs: Number(row.at_ms), node: row.node, payload: row.payload }
}
