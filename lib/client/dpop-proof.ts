import { LatchkeyError } from '../errors.ts'
import { toBase64url } from './base64url.ts'
import type { DeviceIdentity } from './device-identity.ts'

/** What a proof is about. */
export type DpopProofOptions = {
  /** Whoever the token was given to: `createDeviceIdentity()`, `loadDeviceIdentity()` or another signer. */
  readonly identity: Pick<DeviceIdentity, 'publicKey' | 'sign'>
  /** Of the request: `GET`, `POST`, … */
  readonly method: string
  /** Of the request. Its query and fragment are left out of the proof. */
  readonly url: string | URL
  /** The device token that goes with it, from hello-ok. */
  readonly token: string
}

/**
 * Makes the proof that goes with a device token over HTTP (DPoP, RFC 9449): it shows that the caller holds the
 * device's key. Good for one request, for two minutes. Does *not* prove the headers or the body of the request:
 * TLS has to.
 *
 * @throws {LatchkeyError} INVALID_REQUEST for a URL that is not http or https
 *
 * @example
 * const proof = await dpopProof({ identity, method: 'GET', url, token })
 * const answer = await fetch(url, { headers: { Authorization: `DPoP ${token}`, DPoP: proof } })
 */
export async function dpopProof({ identity, method, url, token }: DpopProofOptions): Promise<string> {
  const header = { typ: 'dpop+jwt', alg: 'EdDSA', jwk: { kty: 'OKP', crv: 'Ed25519', x: identity.publicKey } }
  const claims = {
    jti: globalThis.crypto.randomUUID(),
    htm: method.toUpperCase(),
    htu: targetOf(url),
    iat: Math.floor(Date.now() / 1000),
    ath: toBase64url(new Uint8Array(await globalThis.crypto.subtle.digest('SHA-256', bytesOf(token)))),
  }
  const signed = `${toBase64url(bytesOf(JSON.stringify(header)))}.${toBase64url(bytesOf(JSON.stringify(claims)))}`
  return `${signed}.${await identity.sign(signed)}`
}

function targetOf(url: string | URL): string {
  const text = String(url)
  const target = URL.canParse(text) ? new URL(text) : null
  if (target === null || !/^https?:$/.test(target.protocol)) {
    const message = `url: got ${JSON.stringify(text)}, expected one such as http://127.0.0.1:4747/gateway/api/devices`
    throw new LatchkeyError('INVALID_REQUEST', message)
  }
  return `${target.origin}${target.pathname}`
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text)
}
