import { sortedUnion, type PairedDevice, type PairingRequest } from '../pairing/index.ts'

/** A waiting request as the protocol writes it. */
export function pendingRecord(request: PairingRequest): Record<string, unknown> {
  return withoutNulls({
    requestId: request.id,
    digest: request.digest,
    deviceId: request.deviceId,
    publicKey: request.publicKey,
    displayName: request.displayName,
    platform: request.platform,
    deviceFamily: request.deviceFamily,
    clientId: request.clientId,
    clientMode: request.clientMode,
    role: request.role,
    roles: request.asks.map((ask) => ask.role),
    scopes: sortedUnion(...request.asks.map((ask) => ask.scopes)),
    remoteIp: request.fromAddress,
    silent: false,
    isRepair: request.reason !== 'not-paired',
    reason: request.reason,
    locality: withoutNulls({ reason: request.localityReason, advice: request.localityAdvice }),
    ts: request.createdAtMs,
    expiresAtMs: request.expiresAtMs,
  })
}

/** A paired device as the protocol writes it. */
export function pairedRecord(
  { device, grants, tokens }: PairedDevice,
  connected: boolean,
): Record<string, unknown> {
  const owned = grants.filter((grant) => grant.via === 'owner')
  const first = owned[0] ?? grants[0]
  return withoutNulls({
    deviceId: device.id,
    publicKey: device.publicKey,
    displayName: device.displayName,
    platform: device.platform,
    clientId: device.clientId,
    clientMode: device.clientMode,
    role: first?.role ?? null,
    roles: sortedUnion(grants.map((grant) => grant.role)),
    scopes: sortedUnion(...grants.map((grant) => grant.scopes)),
    approvedScopes: sortedUnion(...owned.map((grant) => grant.scopes)),
    approvedVia: owned.length > 0 ? 'owner' : 'silent',
    grants: grants.map(({ role, via, scopes, approvedBy, fromAddress, localityReason, grantedAtMs }) =>
      withoutNulls({ role, via, scopes, approvedBy, fromAddress, localityReason, grantedAtMs }),
    ),
    createdAtMs: device.createdAtMs,
    approvedAtMs: first?.grantedAtMs ?? null,
    lastSeenAtMs: device.lastSeenAtMs,
    connected,
    tokens,
  })
}

function withoutNulls(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null))
}
