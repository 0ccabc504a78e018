import { randomBytes } from 'node:crypto'
import { readSecret, readSecretById } from '../../evidence/secret-file.ts'
import { secretFolder } from '../../evidence/latchkey-home.ts'
import { isRecord } from '../../protocol/frames.ts'
import { clientProof, gatewayProof, proofMatches } from '../../protocol/local-proof.ts'

export function newClientNonce(): string {
  return randomBytes(32).toString('base64url')
}

/**
 * Whether the proof is offered to this gateway: at a loopback address, the only ones at which a client can be
 * local, or where the caller said where the secret is.
 */
export function offersLocalSecret(url: string, file: string | undefined): boolean {
  if (file !== undefined) return true
  const { hostname } = new URL(url)
  return /^(?:localhost|[a-z0-9.-]+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname)
}

/**
 * The proof that this client can read the gateway's secret file; `null` when it cannot, or when the gateway
 * has not proved first that it knows the secret itself.
 *
 * @param challenge payload of `connect.challenge`
 * @param channel name of the connection that the proof is for
 * @param file where the secret is when the gateway's is a configured one
 */
export function proveLocalSecret(
  challenge: unknown,
  clientNonce: string,
  deviceId: string,
  channel: string | null,
  file: string | undefined,
): string | null {
  if (channel === null || !isRecord(challenge) || !isRecord(challenge.localSecret)) return null
  const { gatewayId, nonce, localSecret } = challenge
  const { id, proof } = localSecret
  if (typeof gatewayId !== 'string' || typeof nonce !== 'string' || typeof proof !== 'string') return null
  const secret = findSecret(typeof id === 'string' ? id : null, file)
  if (secret === null) return null
  const context = { gatewayId, nonce, clientNonce }
  return proofMatches(gatewayProof(secret, context), proof)
    ? clientProof(secret, context, deviceId, channel)
    : null
}

/** An unsafe file proves nothing, and is not a reason not to connect. */
function findSecret(id: string | null, file: string | undefined): Buffer | null {
  try {
    if (id !== null) return readSecretById(secretFolder(), id)
    return file === undefined ? null : readSecret(file)
  } catch {
    return null
  }
}
