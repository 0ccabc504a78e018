import type { ColumnType } from 'kysely'
import type { AuditEntry } from '../pairing/audit-entry.ts'
import type { Grant } from '../pairing/grant.ts'
import type { PairingRequest } from '../pairing/pairing-request.ts'

/** Milliseconds since the epoch, or another large number. PostgreSQL hands 64-bit integers over as text. */
type Milliseconds = ColumnType<number | string, number, number>
type MaybeMilliseconds = ColumnType<number | string | null, number | null, number | null>

export type SettingTable = { key: string; value: string }

export type DeviceTable = {
  id: string
  public_key: string
  display_name: string | null
  label: string | null
  platform: string | null
  device_family: string | null
  client_id: string | null
  client_mode: string | null
  created_at_ms: Milliseconds
  last_seen_at_ms: MaybeMilliseconds
}

export type GrantTable = {
  id: string
  device_id: string
  role: string
  via: Grant['via']
  /** JSON: an array of strings. */
  scopes: string
  approved_by: string | null
  origin: string | null
  from_address: string | null
  locality_reason: Grant['localityReason']
  host: string | null
  granted_at_ms: Milliseconds
  expires_at_ms: MaybeMilliseconds
}

export type TokenTable = {
  device_id: string
  role: string
  hash: string
  previous_hash: string | null
  /** JSON: an array of strings. */
  superseded: string
  /** 0 or 1: SQLite has no truth values. */
  is_rotation_due: number
  issued_at_ms: Milliseconds
  expires_at_ms: MaybeMilliseconds
  last_used_at_ms: MaybeMilliseconds
  revoked_at_ms: MaybeMilliseconds
}

export type RequestTable = {
  id: string
  device_id: string
  public_key: string
  /** JSON: an array of `{ role, scopes }`. */
  asks: string
  role: string
  reason: PairingRequest['reason']
  digest: string
  state: PairingRequest['state']
  superseded_by: string | null
  display_name: string | null
  platform: string | null
  device_family: string | null
  client_id: string | null
  client_mode: string | null
  from_address: string | null
  address_prefix: string
  locality_reason: PairingRequest['localityReason']
  locality_advice: string | null
  /** JSON: an array of `{ rule, outcome, saw }`. */
  locality_trace: string
  /** JSON: an object, or null. */
  verification: string
  code_failures: number
  /** JSON: an array. */
  approvals: string
  created_at_ms: Milliseconds
  refreshed_at_ms: Milliseconds
  expires_at_ms: Milliseconds
  decided_at_ms: MaybeMilliseconds
  decided_by: string | null
}

export type IgnoredTable = {
  device_id: string
  display_name: string | null
  ignored_by: string
  ignored_at_ms: Milliseconds
}

export type InviteTable = {
  id: string
  token_hash: string
  /** JSON: an array of `{ role, scopes }`. */
  asks: string
  label: string | null
  created_by: string
  silent_host: string | null
  is_first_owner: number
  created_at_ms: Milliseconds
  expires_at_ms: Milliseconds
  used_by: string | null
  used_at_ms: MaybeMilliseconds
}

export type AuditTable = {
  seq: Milliseconds
  at_ms: Milliseconds
  kind: AuditEntry['kind']
  actor: string
  device_id: string | null
  details: string
  previous_hash: string
  hash: string
}

export type EventTable = { seq: Milliseconds; at_ms: Milliseconds; node: string; payload: string }

export type NodeTable = {
  id: string
  host: string
  pid: Milliseconds
  beat: Milliseconds
  told_seq: Milliseconds
  heir: string | null
}

export type PresenceTable = { node_id: string; device_id: string }

export type RememberedTable = { key: string; value: string; until_ms: Milliseconds }

/** The tables, as Kysely sees them. The migrations must agree with this. */
export type StoreTables = {
  /** One row: the number of the last migration that ran. */
  latchkey_schema: { version: number }
  settings: SettingTable
  devices: DeviceTable
  grants: GrantTable
  tokens: TokenTable
  requests: RequestTable
  ignored_devices: IgnoredTable
  invites: InviteTable
  audit: AuditTable
  events: EventTable
  nodes: NodeTable
  presence: PresenceTable
  remembered: RememberedTable
}
