import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { PairingRequest, Verification } from '../pairing/index.ts'
import { codeOfHash, codeText, commitmentText } from '../protocol/index.ts'
import type { VerificationOffer, VerificationReveal } from '../protocol/verification-code.ts'

/** One connection's half of a verification code: fixed before the client says anything. */
export type VerificationExchange = {
  /** Goes into the challenge. */
  readonly offer: VerificationOffer
  /** What a request that is filed for this connection will be called. */
  readonly requestId: string
  /** The code, now that both nonces are there. */
  complete(asked: {
    readonly deviceId: string
    readonly role: string
    readonly scopes: readonly string[]
    readonly clientNonce: string
  }): Verification
}

export function verificationExchange(gatewayId: string): VerificationExchange {
  const requestId = randomUUID()
  const gatewayNonce = randomBytes(32).toString('base64url')
  const commitment = sha256(commitmentText(gatewayId, requestId, gatewayNonce)).toString('base64url')
  return {
    offer: { commitment },
    requestId,
    complete({ deviceId, role, scopes, clientNonce }) {
      const text = codeText({ gatewayId, requestId, deviceId, role, scopes, gatewayNonce, clientNonce })
      return { commitment, gatewayNonce, role, scopes, code: codeOfHash(sha256(text)) }
    },
  }
}

/** What a waiting client needs to work out the code of its request by itself. */
export function revealOf({ id, verification }: PairingRequest): VerificationReveal | null {
  if (verification === null) return null
  const { commitment, gatewayNonce, role, scopes } = verification
  return { commitment, requestId: id, gatewayNonce, role, scopes }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest()
}
