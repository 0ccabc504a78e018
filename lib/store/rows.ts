import type { Insertable, Selectable } from 'kysely'
import type { Device } from '../pairing/device.ts'
import type { Grant } from '../pairing/grant.ts'
import type { TokenRecord } from '../pairing/token.ts'
import type { DeviceTable, GrantTable, TokenTable } from './schema.ts'
import { readStrings } from './stored-list.ts'

export function deviceRow(device: Device): Insertable<DeviceTable> {
  return {
    id: device.id,
    public_key: device.publicKey,
    display_name: device.displayName,
    label: device.label,
    platform: device.platform,
    device_family: device.deviceFamily,
    client_id: device.clientId,
    client_mode: device.clientMode,
    created_at_ms: device.createdAtMs,
    last_seen_at_ms: device.lastSeenAtMs,
  }
}

export function deviceOf(row: Selectable<DeviceTable>): Device {
  return {
    id: row.id,
    publicKey: row.public_key,
    displayName: row.display_name,
    label: row.label,
    platform: row.platform,
    deviceFamily: row.device_family,
    clientId: row.client_id,
    clientMode: row.client_mode,
    createdAtMs: Number(row.created_at_ms),
    lastSeenAtMs: numberOrNull(row.last_seen_at_ms),
  }
}

export function grantRow(grant: Grant): Insertable<GrantTable> {
  return {
    id: grant.id,
    device_id: grant.deviceId,
    role: grant.role,
    via: grant.via,
    scopes: JSON.stringify(grant.scopes),
    approved_by: grant.approvedBy,
    origin: grant.origin,
    from_address: grant.fromAddress,
    locality_reason: grant.localityReason,
    host: grant.host,
    granted_at_ms: grant.grantedAtMs,
    expires_at_ms: grant.expiresAtMs,
  }
}

export function grantOf(row: Selectable<GrantTable>): Grant {
  return {
    id: row.id,
    deviceId: row.device_id,
    role: row.role,
    via: row.via,
    scopes: readStrings(row.scopes),
    approvedBy: row.approved_by,
    origin: row.origin,
    fromAddress: row.from_address,
    localityReason: row.locality_reason,
    host: row.host,
    grantedAtMs: Number(row.granted_at_ms),
    expiresAtMs: numberOrNull(row.expires_at_ms),
  }
}

export function tokenRow(token: TokenRecord): Insertable<TokenTable> {
  return {
    device_id: token.deviceId,
    role: token.role,
    hash: token.hash,
    previous_hash: token.previousHash,
    superseded: JSON.stringify(token.superseded),
    is_rotation_due: Number(token.isRotationDue),
    issued_at_ms: token.issuedAtMs,
    expires_at_ms: token.expiresAtMs,
    last_used_at_ms: token.lastUsedAtMs,
    revoked_at_ms: token.revokedAtMs,
  }
}

export function tokenOf(row: Selectable<TokenTable>): TokenRecord {
  return {
    deviceId: row.device_id,
    role: row.role,
    hash: row.hash,
    previousHash: row.previous_hash,
    superseded: readStrings(row.superseded),
    isRotationDue: row.is_rotation_due !== 0,
    issuedAtMs: Number(row.issued_at_ms),
    expiresAtMs: numberOrNull(row.expires_at_ms),
    lastUsedAtMs: numberOrNull(row.last_used_at_ms),
    revokedAtMs: numberOrNull(row.revoked_at_ms),
  }
}

export function numberOrNull(value: number | string | null): number | null {
  return value === null ? null : Number(value)
}
