import { createHash, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import type { DeviceAuthTokenRecord, DeviceIdentity, GatewayClientHostDeps } from '@openclaw/gateway-client'

/** What the published client leaves to its host: a device's key, and where its tokens are kept. */
export type Device = {
  readonly identity: DeviceIdentity
  /** By role. */
  readonly tokens: Map<string, Required<DeviceAuthTokenRecord>>
  /** The texts that it signed. */
  readonly signed: string[]
  readonly hostDeps: GatewayClientHostDeps
}

export function createDevice(): Device {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const identity = {
    deviceId: createHash('sha256')
      .update(rawPublicKey(publicKey.export({ type: 'spki', format: 'pem' })))
      .digest('hex'),
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  }
  const tokens: Device['tokens'] = new Map()
  const signed: string[] = []
  return {
    identity,
    tokens,
    signed,
    hostDeps: {
      loadOrCreateDeviceIdentity: () => identity,
      signDevicePayload: (privateKeyPem, payload) => {
        signed.push(payload)
        return sign(null, Buffer.from(payload, 'utf8'), privateKeyPem).toString('base64url')
      },
      publicKeyRawBase64UrlFromPem: (publicKeyPem) => rawPublicKey(publicKeyPem).toString('base64url'),
      loadDeviceAuthToken: ({ role }) => tokens.get(role) ?? null,
      storeDeviceAuthToken: ({ role, token, scopes }) => {
        tokens.set(role, { token, scopes })
      },
      clearDeviceAuthToken: ({ role }) => {
        tokens.delete(role)
      },
    },
  }
}

/** The token that the device put under its signature: `v3|device|client|mode|role|scopes|time|token|…`. */
export function signedToken(device: Device): string | undefined {
  return device.signed.at(-1)?.split('|')[7]
}

function rawPublicKey(pem: string | Buffer): Buffer {
  const { x = '' } = createPublicKey(pem).export({ format: 'jwk' })
  return Buffer.from(x, 'base64url')
}
