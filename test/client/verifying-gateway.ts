import { createHash, randomBytes } from 'node:crypto'
import { codeOfHash, codeText, commitmentText } from '../../lib/protocol/index.ts'
import type { Message, Visitor } from './scripted-gateway.ts'

const GATEWAY_ID = '4f8c0b1e-gateway'

/** What a gateway keeps of one exchange of nonces: what it shows beside the request comes out of this. */
export type Exchange = {
  readonly requestId: string
  readonly gatewayNonce: string
  readonly commitment: string
  connect?: Message
}

type Connect = {
  role: string
  scopes: string[]
  device: { id: string }
  verification?: { nonce: string }
}

export function newExchange(requestId: string): Exchange {
  const gatewayNonce = randomBytes(32).toString('base64url')
  return { requestId, gatewayNonce, commitment: hash(commitmentText(GATEWAY_ID, requestId, gatewayNonce)) }
}

/** Sends the challenge with its commitment, and waits for the client's `connect`. */
export async function challenge(visitor: Visitor, exchange: Exchange): Promise<Message> {
  visitor.event('connect.challenge', {
    nonce: `n${visitor.number}`,
    ts: Date.now(),
    gatewayId: GATEWAY_ID,
    verification: { commitment: exchange.commitment },
  })
  exchange.connect = await visitor.next()
  return exchange.connect
}

export function revealOf(exchange: Exchange): Record<string, unknown> {
  const { commitment, requestId, gatewayNonce } = exchange
  const { role, scopes } = asked(exchange)
  return { commitment, requestId, gatewayNonce, role, scopes: [...new Set(scopes)].sort() }
}

/** Refuses as a gateway does; `change` makes it a hostile one. */
export function refuseForPairing(
  visitor: Visitor,
  connectId: string,
  exchange: Exchange,
  change: (details: Record<string, unknown>) => unknown = (details) => details,
): void {
  const { role, scopes, device } = asked(exchange)
  const details = {
    code: 'PAIRING_REQUIRED',
    reason: 'not-paired',
    requestId: exchange.requestId,
    digest: 'd'.repeat(64),
    deviceId: device.id,
    requestedRole: role,
    requestedScopes: scopes,
    verification: revealOf(exchange),
    remediationHint: `Ask the owner to approve it: latchkey approve ${exchange.requestId}`,
    retryAfterMs: 300,
    locality: { reason: 'forwarding-untrusted', advice: 'Name the proxy.' },
  }
  const message = 'pairing required: this device is not approved yet'
  visitor.refuse(connectId, { code: 'NOT_PAIRED', message, details: change(details), retryAfterMs: 300 })
  visitor.socket.close(1008, 'pairing required')
}

/** The code that the owner sees. */
export function ownersCode(exchange: Exchange): string {
  const { role, scopes, device, verification } = asked(exchange)
  const { requestId, gatewayNonce } = exchange
  const text = codeText({
    gatewayId: GATEWAY_ID,
    requestId,
    deviceId: device.id,
    role,
    scopes: [...new Set(scopes)].sort(),
    gatewayNonce,
    clientNonce: verification?.nonce ?? '',
  })
  return codeOfHash(createHash('sha256').update(text, 'utf8').digest())
}

function asked(exchange: Exchange): Connect {
  return exchange.connect?.params as Connect
}

function hash(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('base64url')
}
