import type { AuditEntry } from '../../pairing/audit-entry.ts'
import type { Device } from '../../pairing/device.ts'
import type { Grant } from '../../pairing/grant.ts'
import type { Invite } from '../../pairing/invite.ts'
import type { PairingRequest } from '../../pairing/pairing-request.ts'
import type { TokenRecord } from '../../pairing/token.ts'

/** A device with every field set; `overrides` change some. */
export function sampleDevice(id: string, overrides: Partial<Device> = {}): Device {
  return {
    id,
    publicKey: `key-of-${id}`,
    displayName: 'Büro 💻 "quoted" \'; drop table devices; --',
    label: 'Küche',
    platform: 'linux',
    deviceFamily: 'laptop',
    clientId: 'cli',
    clientMode: 'node',
    createdAtMs: 1_760_000_000_123,
    lastSeenAtMs: 1_760_000_060_456,
    ...overrides,
  }
}

export function sampleGrant(deviceId: string, overrides: Partial<Grant> = {}): Grant {
  return {
    id: `grant-of-${deviceId}`,
    deviceId,
    role: 'operator',
    via: 'owner',
    scopes: ['operator.read', 'operator.write'],
    approvedBy: 'owner-device',
    origin: 'request-1',
    fromAddress: '2001:db8::1',
    localityReason: 'peer-not-loopback',
    host: 'host-1',
    grantedAtMs: 1_760_000_000_123,
    expiresAtMs: 1_790_000_000_456,
    ...overrides,
  }
}

export function sampleToken(deviceId: string, overrides: Partial<TokenRecord> = {}): TokenRecord {
  return {
    deviceId,
    role: 'operator',
    hash: 'ab'.repeat(32),
    previousHash: 'cd'.repeat(32),
    superseded: ['ef'.repeat(32), '01'.repeat(32)],
    isRotationDue: true,
    issuedAtMs: 1_760_000_000_123,
    expiresAtMs: 1_790_000_000_456,
    lastUsedAtMs: 1_760_000_060_456,
    revokedAtMs: null,
    ...overrides,
  }
}

export function sampleRequest(
  id: string,
  deviceId: string,
  overrides: Partial<PairingRequest> = {},
): PairingRequest {
  return {
    id,
    deviceId,
    publicKey: `key-of-${deviceId}`,
    asks: [
      { role: 'node', scopes: [] },
      { role: 'operator', scopes: ['operator.read', 'operator.write'] },
    ],
    role: 'operator',
    reason: 'not-paired',
    digest: 'cd'.repeat(32),
    state: 'pending',
    supersededBy: null,
    displayName: '设备 Ω é',
    platform: 'darwin',
    deviceFamily: 'phone',
    clientId: 'app',
    clientMode: 'ui',
    fromAddress: '203.0.113.7',
    addressPrefix: '203.0.113.7',
    localityReason: 'peer-not-loopback',
    localityAdvice: 'use the private listener',
    localityTrace: [{ rule: 'peer-not-loopback', outcome: 'fail', saw: '203.0.113.7' }],
    verification: {
      commitment: 'commitment',
      gatewayNonce: 'nonce',
      role: 'operator',
      scopes: ['operator.read'],
      code: '4821-0937',
    },
    codeFailures: 1,
    approvals: [
      {
        by: 'owner-device',
        authority: { role: 'operator', scopes: ['operator.admin'], silentHost: null },
        asks: [{ role: 'node', scopes: [] }],
        expiresInMs: null,
        atMs: 1_760_000_000_124,
      },
    ],
    createdAtMs: 1_760_000_000_123,
    refreshedAtMs: 1_760_000_030_000,
    expiresAtMs: 1_760_000_330_000,
    decidedAtMs: null,
    decidedBy: null,
    ...overrides,
  }
}

export function sampleInvite(id: string, overrides: Partial<Invite> = {}): Invite {
  return {
    id,
    tokenHash: `hash-of-${id}`,
    asks: [{ role: 'operator', scopes: ['operator.read'] }],
    label: 'Gäste',
    createdBy: 'owner-device',
    silentHost: 'host-1',
    isFirstOwner: true,
    createdAtMs: 1_760_000_000_123,
    expiresAtMs: 1_760_000_600_123,
    usedBy: 'd1',
    usedAtMs: 1_760_000_000_999,
    ...overrides,
  }
}

export function sampleAuditEntry(seq: number, overrides: Partial<AuditEntry> = {}): AuditEntry {
  return {
    seq,
    atMs: 1_760_000_000_123,
    kind: 'request-approved',
    actor: 'owner-device',
    deviceId: 'd1',
    details: '{"name":"Büro \'; drop table audit; --"}',
    previousHash: '0'.repeat(64),
    hash: 'ab'.repeat(32),
    ...overrides,
  }
}
