import { createHash } from 'node:crypto'
import type { LocalityReason, TraceEntry } from '../locality/verdict.ts'
import type { VerificationReveal } from '../protocol/verification-code.ts'
import { sortedUnion, type ScopeLattice } from './scopes.ts'

/** Why a device cannot connect as it asked. */
export type PairingReason = 'not-paired' | 'role-upgrade' | 'scope-upgrade' | 'remote-use'

/** One role with the scopes asked for in it. */
export type RoleAsk = {
  readonly role: string
  /** Sorted, without duplicates. */
  readonly scopes: readonly string[]
}

/** What a device waits for the owner to decide. One is pending per device. */
export type PairingRequest = {
  readonly id: string
  readonly deviceId: string
  readonly publicKey: string
  /** Sorted by role; the union of all that this device has asked for since the last decision. */
  readonly asks: readonly RoleAsk[]
  /** The role of the latest attempt. */
  readonly role: string
  readonly reason: PairingReason
  /** Of all that an approval would grant: an approval names it, so that what was shown is what is granted. */
  readonly digest: string
  readonly state: 'pending' | 'approved' | 'rejected' | 'superseded' | 'expired'
  /** The request that took this one's place. */
  readonly supersededBy: string | null
  readonly displayName: string | null
  readonly platform: string | null
  readonly deviceFamily: string | null
  readonly clientId: string | null
  readonly clientMode: string | null
  readonly fromAddress: string | null
  /** The network that the caps count by: the IPv4 address, the IPv6 /64. */
  readonly addressPrefix: string
  readonly localityReason: LocalityReason
  readonly localityAdvice: string | null
  /** Rule by rule, what the verdict saw. */
  readonly localityTrace: readonly TraceEntry[]
  /** `null` for a client that does not know of verification codes. */
  readonly verification: Verification | null
  /** Wrong codes that an approver typed. */
  readonly codeFailures: number
  /** Approvals that wait for a second one. */
  readonly approvals: readonly PartialApproval[]
  readonly createdAtMs: number
  /** Moves with every covered retry, and with it `expiresAtMs`. */
  readonly refreshedAtMs: number
  readonly expiresAtMs: number
  readonly decidedAtMs: number | null
  /** Who decided, as `actorOf` names them. */
  readonly decidedBy: string | null
}

/** The exchange of nonces that a request's code comes from. */
export type Verification = Omit<VerificationReveal, 'requestId'> & { readonly code: string }

/** The first of two approvals: the second must be of the same. */
export type PartialApproval = {
  readonly by: string
  readonly authority: {
    readonly role: string
    readonly scopes: readonly string[]
    /** The host whose silent grants counted; `null`: none did. */
    readonly silentHost: string | null
  }
  readonly asks: readonly RoleAsk[]
  readonly expiresInMs: number | null
  readonly atMs: number
}

/** SHA-256, lower-case hex, over the key and every role with its scopes in a fixed order. */
export function requestDigest(deviceId: string, asks: readonly RoleAsk[]): string {
  const content = JSON.stringify([
    'latchkey.pairing-request.1',
    deviceId,
    asks.map((ask) => [ask.role, ask.scopes]),
  ])
  return createHash('sha256').update(content, 'utf8').digest('hex')
}

/** True when approving `asks` would already give all of `ask`. */
export function coversAsk(lattice: ScopeLattice, asks: readonly RoleAsk[], ask: RoleAsk): boolean {
  const same = asks.find((candidate) => candidate.role === ask.role)
  return same !== undefined && lattice.missing(same.scopes, ask.scopes).length === 0
}

/** The union of what was asked before and what is asked now. */
export function widenAsks(asks: readonly RoleAsk[], ask: RoleAsk): RoleAsk[] {
  const others = asks.filter((candidate) => candidate.role !== ask.role)
  const same = asks.find((candidate) => candidate.role === ask.role)
  const widened = { role: ask.role, scopes: sortedUnion(same?.scopes ?? [], ask.scopes) }
  return [...others, widened].sort((a, b) => (a.role < b.role ? -1 : 1))
}
