import { isRecord } from '../protocol/frames.ts'
import { REQUEST_ID } from '../protocol/pairing-required.ts'
import {
  clientNonceText,
  codeOfHash,
  codeText,
  commitmentText,
  type VerificationReveal,
} from '../protocol/verification-code.ts'
import { fromBase64url, toBase64url } from './base64url.ts'
import { BYTES_32 } from './challenge.ts'
import type { ClientPlatform } from './client-platform.ts'
import type { DeviceIdentity } from './device-identity.ts'

/** What a client's nonce was made for. */
export type NonceContext = {
  readonly gatewayId: string
  readonly commitment: string
  readonly role: string
  /** Sorted, without duplicates. */
  readonly scopes: readonly string[]
}

/** `none`: the request has no code. `unverified`: what was revealed is not what had been committed to. */
export type Verification =
  { readonly kind: 'code'; readonly code: string } | { readonly kind: 'none' | 'unverified' }

type Hashing = Pick<ClientPlatform, 'sha256'>

/** The client's half of the code; `null` when the identity's signature is none. */
export async function clientNonceFor(
  platform: Hashing,
  identity: DeviceIdentity,
  context: NonceContext,
): Promise<string | null> {
  const { gatewayId, commitment, role, scopes } = context
  const signature = await identity.sign(clientNonceText(gatewayId, commitment, role, scopes))
  const bytes = fromBase64url(signature.replaceAll('=', ''), 64)
  return bytes === null ? null : toBase64url(await platform.sha256(bytes))
}

/**
 * The code of a refusal. Whatever does not fit gives no code rather than a wrong one, and never an exception:
 * all of it comes from a gateway that nobody has verified yet.
 *
 * @param sent what this connection's own nonce was made for; `null` when none was sent
 * @param details of the error NOT_PAIRED, as received
 */
export async function verify(
  platform: Hashing,
  identity: DeviceIdentity,
  sent: NonceContext | null,
  details: Readonly<Record<string, unknown>>,
): Promise<Verification> {
  if (sent === null || details.verification === undefined) return { kind: 'none' }
  try {
    const code = await codeOf(platform, identity, sent, details)
    return code === null ? { kind: 'unverified' } : { kind: 'code', code }
  } catch {
    return { kind: 'unverified' }
  }
}

async function codeOf(
  platform: Hashing,
  identity: DeviceIdentity,
  sent: NonceContext,
  details: Readonly<Record<string, unknown>>,
): Promise<string | null> {
  const reveal = readReveal(details.verification)
  if (reveal === null || reveal.requestId !== details.requestId) return null
  const { gatewayId } = sent
  const { commitment, requestId, gatewayNonce, role, scopes } = reveal
  // A reveal of an earlier exchange speaks of what was asked then; one of this connection, of what was just sent.
  if (
    commitment === sent.commitment &&
    JSON.stringify([role, scopes]) !== JSON.stringify([sent.role, sent.scopes])
  )
    return null
  const opened = await hashText(platform, commitmentText(gatewayId, requestId, gatewayNonce))
  if (toBase64url(opened) !== commitment) return null
  const clientNonce = await clientNonceFor(platform, identity, { gatewayId, commitment, role, scopes })
  if (clientNonce === null) return null
  const { deviceId } = identity
  const exchange = { gatewayId, requestId, deviceId, role, scopes, gatewayNonce, clientNonce }
  return codeOfHash(await hashText(platform, codeText(exchange)))
}

function readReveal(value: unknown): VerificationReveal | null {
  if (!isRecord(value)) return null
  const { commitment, requestId, gatewayNonce, role, scopes } = value
  const isWellFormed =
    matches(commitment, BYTES_32) &&
    matches(requestId, REQUEST_ID) &&
    matches(gatewayNonce, BYTES_32) &&
    matches(role, NAME) &&
    Array.isArray(scopes) &&
    scopes.length <= 64 &&
    scopes.every((scope) => matches(scope, NAME))
  if (!isWellFormed) return null
  const isSorted = scopes.join(',') === sortedUnique(scopes).join(',')
  return isSorted ? { commitment, requestId, gatewayNonce, role, scopes } : null
}

/** A role or a scope: anything that a separator cannot be hidden in. */
const NAME = /^[\x21-\x2b\x2d-\x7e]{1,64}$/

function matches(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value)
}

export function sortedUnique(names: readonly string[]): string[] {
  return [...new Set(names)].sort()
}

async function hashText(platform: Hashing, text: string): Promise<Uint8Array> {
  return platform.sha256(new TextEncoder().encode(text))
}
