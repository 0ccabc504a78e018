import { createHmac, timingSafeEqual } from 'node:crypto'

/** The upgrade header with which a client offers the proof of the local secret: 32 random bytes, base64url. */
export const CLIENT_NONCE_HEADER = 'latchkey-client-nonce'

/** What both sides bind their proofs to. */
export type LocalProofContext = {
  readonly gatewayId: string
  /** Of the challenge. */
  readonly nonce: string
  readonly clientNonce: string
}

/** What the challenge carries for a client that sent a nonce. */
export type LocalSecretOffer = {
  /** Names the secret's file in the run folder of the user; `null`: in a file that both sides configured. */
  readonly id: string | null
  /** The gateway's own proof: a client shows nothing to a gateway that does not know the secret. */
  readonly proof: string
}

/** 32 bytes as base64url. */
export function isClientNonce(text: string | undefined): text is string {
  return text !== undefined && /^[A-Za-z0-9_-]{43}$/.test(text)
}

/** HMAC-SHA256, base64url. Each direction has a label of its own, so that neither proof serves as the other. */
export function gatewayProof(secret: Uint8Array, context: LocalProofContext): string {
  return proof(secret, [
    'latchkey.local-secret.gateway.1',
    context.gatewayId,
    context.nonce,
    context.clientNonce,
  ])
}

/**
 * Bound to the device's key and to the TCP connection as well: a proof is of no use to another device, nor to
 * somebody in the middle, who has another connection to the gateway than the client has to him.
 */
export function clientProof(
  secret: Uint8Array,
  context: LocalProofContext,
  deviceId: string,
  channel: string,
): string {
  const { gatewayId, nonce, clientNonce } = context
  return proof(secret, ['latchkey.local-secret.client.1', gatewayId, nonce, clientNonce, deviceId, channel])
}

/** Compares in constant time. */
export function proofMatches(expected: string, given: string): boolean {
  const left = Buffer.from(expected, 'utf8')
  const right = Buffer.from(given, 'utf8')
  return left.length === right.length && timingSafeEqual(left, right)
}

function proof(secret: Uint8Array, parts: readonly string[]): string {
  return createHmac('sha256', secret).update(JSON.stringify(parts), 'utf8').digest('base64url')
}
