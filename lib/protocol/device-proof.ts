import { timingSafeEqual } from 'node:crypto'
import type { ConnectParams, DeviceProof } from './connect-params.ts'
import { decodeBase64, decodePublicKey, deviceIdOf, isSafePublicKey } from './device-key.ts'
import type { ProvedDevice } from './device-key.ts'
import { signedTextV2, signedTextV3, type SignedClaims } from './signed-text.ts'
import { isSignedBy } from './verify-signature.ts'

/** How far `signedAt` may be from the gateway's clock, in milliseconds, either way. */
export const MAX_SIGNATURE_AGE_MS = 120_000

export type DeviceProofProblem =
  | 'DEVICE_AUTH_DEVICE_ID_MISMATCH'
  | 'DEVICE_AUTH_SIGNATURE_EXPIRED'
  | 'DEVICE_AUTH_NONCE_REQUIRED'
  | 'DEVICE_AUTH_NONCE_MISMATCH'
  | 'DEVICE_AUTH_PUBLIC_KEY_INVALID'
  | 'DEVICE_AUTH_SIGNATURE_INVALID'

const SENTENCES: Readonly<Record<DeviceProofProblem, string>> = {
  DEVICE_AUTH_DEVICE_ID_MISMATCH: 'device id does not belong to the public key',
  DEVICE_AUTH_SIGNATURE_EXPIRED: "device signature is too old or from the future; check the device's clock",
  DEVICE_AUTH_NONCE_REQUIRED: 'device signature lacks the nonce of the challenge',
  DEVICE_AUTH_NONCE_MISMATCH: 'device signature is for the nonce of another connection',
  DEVICE_AUTH_PUBLIC_KEY_INVALID: 'device public key is not a safe Ed25519 key',
  DEVICE_AUTH_SIGNATURE_INVALID: 'device signature is not valid',
}

export function describeDeviceProofProblem(problem: DeviceProofProblem): string {
  return SENTENCES[problem]
}

/**
 * Verifies that the sender holds the device's key and signed this very connect. Checks in the order that the
 * protocol states: id, age, nonce present, nonce equal, key, signature (version 3, then 2).
 *
 * @param nonce of the challenge that was sent on this connection
 * @param nowMs of the gateway's clock
 */
export function verifyDeviceProof(
  params: ConnectParams,
  device: DeviceProof,
  nonce: string,
  nowMs: number,
): { readonly device: ProvedDevice } | { readonly problem: DeviceProofProblem } {
  const rawKey = decodePublicKey(device.publicKey)
  if (rawKey === null || deviceIdOf(rawKey) !== device.id)
    return { problem: 'DEVICE_AUTH_DEVICE_ID_MISMATCH' }
  if (Math.abs(nowMs - device.signedAt) > MAX_SIGNATURE_AGE_MS)
    return { problem: 'DEVICE_AUTH_SIGNATURE_EXPIRED' }
  if (device.nonce === undefined || device.nonce === '') return { problem: 'DEVICE_AUTH_NONCE_REQUIRED' }
  if (!sameText(device.nonce, nonce)) return { problem: 'DEVICE_AUTH_NONCE_MISMATCH' }
  if (!isSafePublicKey(rawKey)) return { problem: 'DEVICE_AUTH_PUBLIC_KEY_INVALID' }
  const signature = decodeBase64(device.signature, 64)
  const claims = claimsOf(params, device, nonce)
  if (signature === null || !isSignedBy(rawKey, signature, [signedTextV3(claims), signedTextV2(claims)]))
    return { problem: 'DEVICE_AUTH_SIGNATURE_INVALID' }
  return { device: { id: device.id, publicKey: rawKey.toString('base64url') } }
}

function claimsOf(params: ConnectParams, device: DeviceProof, nonce: string): SignedClaims {
  const { auth, client } = params
  return {
    deviceId: device.id,
    clientId: client.id,
    clientMode: client.mode,
    role: params.role ?? 'operator',
    scopes: params.scopes ?? [],
    signedAtMs: device.signedAt,
    token: auth?.token ?? auth?.deviceToken ?? auth?.bootstrapToken ?? '',
    nonce,
    platform: client.platform,
    deviceFamily: client.deviceFamily ?? '',
  }
}

function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a, 'utf8')
  const right = Buffer.from(b, 'utf8')
  return left.length === right.length && timingSafeEqual(left, right)
}
