import type { ColumnType } from 'kysely'
import type { Grant } from '../pairing/grant.ts'
import type { PairingRequest } from '../pairing/pairing-request.ts'

/** Milliseconds since the epoch. PostgreSQL hands 64-bit integers over as text. */
type Milliseconds = ColumnType<number | string, number, number>
type MaybeMilliseconds = ColumnType<number | string | null, number | null, number | null>

export type SettingTable = { key: string; value: string }

export type DeviceTable = {
  id: string
  public_key: string
  display_name: string | null
  platform: string | null
  device_family: string | null
  client_id: string | null
  client_mode: string | null
  created_at_ms: Milliseconds
  last_seen_at_ms: MaybeMilliseconds
}

export type GrantTable = {
  device_id: string
  role: string
  via: Grant['via']
  /** JSON: an array of strings. */
  scopes: string
  approved_by: string | null
  from_address: string | null
  locality_reason: Grant['localityReason']
  granted_at_ms: Milliseconds
  expires_at_ms: MaybeMilliseconds
}

export type TokenTable = {
  device_id: string
  role: string
  hash: string
  issued_at_ms: Milliseconds
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
  created_at_ms: Milliseconds
  refreshed_at_ms: Milliseconds
  expires_at_ms: Milliseconds
  decided_at_ms: MaybeMilliseconds
  decided_by: string | null
}

/** The tables, as Kysely sees them. The migrations must agree with this. */
export type StoreTables = {
  /** One row: the number of the last migration that ran. */
  latchkey_schema: { version: number }
  settings: SettingTable
  devices: DeviceTable
  grants: GrantTable
  tokens: TokenTable
  requests: RequestTable
}
