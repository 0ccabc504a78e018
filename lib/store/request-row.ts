import type { Insertable, Selectable } from 'kysely'
import type { PairingRequest } from '../pairing/pairing-request.ts'
import { numberOrNull } from './rows.ts'
import type { RequestTable } from './schema.ts'
import { readApprovals, readAsks, readTrace, readVerification } from './stored-list.ts'

export function requestRow(request: PairingRequest): Insertable<RequestTable> {
  return {
    id: request.id,
    device_id: request.deviceId,
    public_key: request.publicKey,
    asks: JSON.stringify(request.asks),
    role: request.role,
    reason: request.reason,
    digest: request.digest,
    state: request.state,
    superseded_by: request.supersededBy,
    display_name: request.displayName,
    platform: request.platform,
    device_family: request.deviceFamily,
    client_id: request.clientId,
    client_mode: request.clientMode,
    from_address: request.fromAddress,
    address_prefix: request.addressPrefix,
    locality_reason: request.localityReason,
    locality_advice: request.localityAdvice,
    locality_trace: JSON.stringify(request.localityTrace),
    verification: JSON.stringify(request.verification),
    code_failures: request.codeFailures,
    approvals: JSON.stringify(request.approvals),
    created_at_ms: request.createdAtMs,
    refreshed_at_ms: request.refreshedAtMs,
    expires_at_ms: request.expiresAtMs,
    decided_at_ms: request.decidedAtMs,
    decided_by: request.decidedBy,
  }
}

export function requestOf(row: Selectable<RequestTable>): PairingRequest {
  return {
    id: row.id,
    deviceId: row.device_id,
    publicKey: row.public_key,
    asks: readAsks(row.asks),
    role: row.role,
    reason: row.reason,
    digest: row.digest,
    state: row.state,
    supersededBy: row.superseded_by,
    displayName: row.display_name,
    platform: row.platform,
    deviceFamily: row.device_family,
    clientId: row.client_id,
    clientMode: row.client_mode,
    fromAddress: row.from_address,
    addressPrefix: row.address_prefix,
    localityReason: row.locality_reason,
    localityAdvice: row.locality_advice,
    localityTrace: readTrace(row.locality_trace),
    verification: readVerification(row.verification),
    codeFailures: row.code_failures,
    approvals: readApprovals(row.approvals),
    createdAtMs: Number(row.created_at_ms),
    refreshedAtMs: Number(row.refreshed_at_ms),
    expiresAtMs: Number(row.expires_at_ms),
    decidedAtMs: numberOrNull(row.decided_at_ms),
    decidedBy: row.decided_by,
  }
}
