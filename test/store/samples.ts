import type { Device } from '../../lib/pairing/device.ts'
import type { Grant } from '../../lib/pairing/grant.ts'
import type { PairingRequest } from '../../lib/pairing/pairing-request.ts'
import type { TokenRecord } from '../../lib/pairing/token.ts'

/** A device with every field set; `overrides` change some. */
export function sampleDevice(id: string, overrides: Partial<Device> = {}): Device {
  return {
    id,
    publicKey: `key-of-${id}`,
    displayName: 'Büro 💻 "quoted" \'; drop table devices; --',
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
    deviceId,
    role: 'operator',
    via: 'owner',
    scopes: ['operator.read', 'operator.write'],
    approvedBy: 'owner-device',
    fromAddress: '2001:db8::1',
    localityReason: 'peer-not-loopback',
    grantedAtMs: 1_760_000_000_123,
    expiresAtMs: 1_790_000_000_456,
    ...overrides,
  }
}

export function sampleToken(deviceId: string, overrides: Partial<TokenRecord> = {}): TokenRecord {
  return { deviceId, role: 'operator', hash: 'ab'.repeat(32), issuedAtMs: 1_760_000_000_123, ...overrides }
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
    createdAtMs: 1_760_000_000_123,
    refreshedAtMs: 1_760_000_030_000,
    expiresAtMs: 1_760_000_330_000,
    decidedAtMs: null,
    decidedBy: null,
    ...overrides,
  }
}
