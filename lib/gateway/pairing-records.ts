import {
  mixesScripts,
  sortedUnion,
  type ApprovalPolicy,
  type Grant,
  type Invite,
  type PairedDevice,
  type PairingRequest,
  type Rotation,
} from '../pairing/index.ts'
import type { SessionTable } from './session-table.ts'

/** A waiting request as the protocol writes it. */
export function pendingRecord(request: PairingRequest, approval: ApprovalPolicy): Record<string, unknown> {
  const codeRequired = approval.needsCode(request.asks)
  const code = request.verification?.code ?? null
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
    nameWarning: nameWarning(request.displayName),
    roles: request.asks.map((ask) => ask.role),
    asks: request.asks,
    scopes: sortedUnion(...request.asks.map((ask) => ask.scopes)),
    remoteIp: request.fromAddress,
    silent: false,
    isRepair: request.reason !== 'not-paired',
    reason: request.reason,
    locality: withoutNulls({
      reason: request.localityReason,
      advice: request.localityAdvice,
      trace: request.localityTrace,
    }),
    hasCode: code !== null,
    codeRequired,
    // What has to be typed is not shown: it would be copied, not compared.
    verificationCode: codeRequired ? null : code,
    secondApproverRequired: approval.needsSecondApprover(request.asks),
    approvedBy: request.approvals[0]?.by ?? null,
    ts: request.createdAtMs,
    expiresAtMs: request.expiresAtMs,
  })
}

/** A paired device as the protocol writes it. */
export function pairedRecord(
  { device, grants, tokens, isElsewhere }: PairedDevice,
  sessions: Pick<SessionTable, 'isConnected'>,
): Record<string, unknown> {
  const owned = grants.filter((grant) => grant.via === 'owner')
  const first = owned[0] ?? grants[0]
  return withoutNulls({
    deviceId: device.id,
    publicKey: device.publicKey,
    displayName: device.label ?? device.displayName,
    label: device.label,
    nameWarning: nameWarning(device.label ?? device.displayName),
    platform: device.platform,
    clientId: device.clientId,
    clientMode: device.clientMode,
    role: first?.role ?? null,
    roles: sortedUnion(grants.map((grant) => grant.role)),
    scopes: sortedUnion(...grants.map((grant) => grant.scopes)),
    approvedScopes: sortedUnion(...owned.map((grant) => grant.scopes)),
    approvedVia: owned.length > 0 ? 'owner' : 'silent',
    // What a grant is called in the store is of no use to anybody else.
    grants: grants.map((grant) => withoutNulls({ ...grant, id: null, deviceId: null })),
    createdAtMs: device.createdAtMs,
    approvedAtMs: first?.grantedAtMs ?? null,
    lastSeenAtMs: device.lastSeenAtMs,
    connected: isElsewhere || sessions.isConnected(device.id),
    tokens: tokens.map(withoutNulls),
  })
}

/** An invitation, without its token. */
export function inviteRecord(invite: Invite): object {
  const { id: inviteId, asks, label, createdBy, createdAtMs, expiresAtMs, usedBy, usedAtMs } = invite
  return { inviteId, asks, label, createdBy, createdAtMs, expiresAtMs, usedBy, usedAtMs }
}

/** A silent grant that was taken back. */
export function undoneRecord({ deviceId, role, scopes, grantedAtMs }: Grant): object {
  return { deviceId, role, scopes, grantedAtMs }
}

/** A rotation; the new token is in it for the device itself alone. */
export function rotationRecord(
  { deviceId, role }: { readonly deviceId: string; readonly role: string },
  { token, ...rotation }: Rotation,
): object {
  const delivery =
    token === null ? { tokenDelivery: 'withheld-cross-device' } : { token, tokenDelivery: 'in-band' }
  return { deviceId, role, ...rotation, ...delivery }
}

function nameWarning(name: string | null): 'mixed-scripts' | null {
  return name !== null && mixesScripts(name) ? 'mixed-scripts' : null
}

function withoutNulls(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null))
}
