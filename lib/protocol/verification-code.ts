/**
 * The code that a waiting device and the owner's side both show, so that the owner can tell the device in
 * front of them from another one that calls itself the same (a short authentication string; the scheme of
 * RFC 6189, section 4.4.1.1: commit, then reveal).
 *
 * The gateway commits itself to its nonce, and to the id that a new request would get, in the challenge. The
 * client then sends a nonce of its own. Only after that does the gateway reveal. Neither can choose anything
 * once it could know what the code will be, so neither can try keys, names or nonces until a code fits.
 *
 * These are the texts that are hashed (SHA-256 of their UTF-8 bytes). Pure, so that every platform can hash.
 */

/** What a challenge carries. */
export type VerificationOffer = {
  /** SHA-256 of `commitmentText`, base64url. */
  readonly commitment: string
}

/** What a refusal carries: the opened commitment, and what the client asked for when the nonces were exchanged. */
export type VerificationReveal = {
  /** As in the challenge. */
  readonly commitment: string
  /** The request that it was made for. */
  readonly requestId: string
  /** 32 random bytes, base64url. */
  readonly gatewayNonce: string
  /** What was asked for. */
  readonly role: string
  /** Sorted, without duplicates. */
  readonly scopes: readonly string[]
}

export type VerifiedExchange = Omit<VerificationReveal, 'commitment'> & {
  readonly gatewayId: string
  readonly deviceId: string
  /** 32 bytes, base64url. */
  readonly clientNonce: string
}

export function commitmentText(gatewayId: string, requestId: string, gatewayNonce: string): string {
  return JSON.stringify(['latchkey.verification.commitment.1', gatewayId, requestId, gatewayNonce])
}

/**
 * What a client signs with its device key; the SHA-256 of the signature's 64 bytes is its nonce. Ed25519 signs
 * the same text in the same way, so a client that keeps nothing but its key finds its nonce again when it
 * retries, and nobody else can.
 *
 * @param scopes sorted, without duplicates
 */
export function clientNonceText(
  gatewayId: string,
  commitment: string,
  role: string,
  scopes: readonly string[],
): string {
  return JSON.stringify(['latchkey.verification.nonce.1', gatewayId, commitment, role, scopes])
}

export function codeText(exchange: VerifiedExchange): string {
  const { gatewayId, requestId, deviceId, role, scopes, gatewayNonce, clientNonce } = exchange
  return JSON.stringify([
    'latchkey.verification.code.1',
    gatewayId,
    requestId,
    deviceId,
    role,
    scopes,
    gatewayNonce,
    clientNonce,
  ])
}

/** Eight decimal digits of a SHA-256, as people read them: `4821-0937`. */
export function codeOfHash(hash: Uint8Array): string {
  let number = 0n
  for (const byte of hash.subarray(0, 8)) number = (number << 8n) | BigInt(byte)
  const digits = (number % 100_000_000n).toString().padStart(8, '0')
  return `${digits.slice(0, 4)}-${digits.slice(4)}`
}

/** The digits of a code as somebody typed it; `null` when it is none. */
export function readTypedCode(text: string): string | null {
  const digits = text.replaceAll(/[\s-]/g, '')
  return /^\d{8}$/.test(digits) ? `${digits.slice(0, 4)}-${digits.slice(4)}` : null
}
