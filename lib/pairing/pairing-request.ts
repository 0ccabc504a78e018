import { createHash } from 'node:crypto'
import type { LocalityReason, TraceEntry } from '../locality/verdict.ts'
import type { VerificationReveal } from '../protocol/verification-code.ts'
import { sortedUnion, type ScopeLattice } from './scopes.ts'

/** Why a device cannot connect as it asked. */
export type PairingReason = 'not-paired' | 'role-upgrade' | 'scope-upgrade' | 'remote-use'

/** One role with the scopes asked for in it. */
export type RoleAsk = {
  /** The role. */
  readonly role: string
  /** Sorted, without duplicates. */
  readonly scopes: readonly string[]
}

/** What a device waits for the owner to decide. One is pending per device. */
export type PairingRequest = {
  /** Names it. */
  readonly id: string
  /** Of the key that asks. */
  readonly deviceId: string
  /** Raw Ed25519 key, base64url. */
  readonly publicKey: string
  /** Sorted by role; the union of all that this device has asked for since the last decision. */
  readonly asks: readonly RoleAsk[]
  /** The role of the latest attempt. */
  readonly role: string
  /** What the device lacks. */
  readonly reason: PairingReason
  /** Of all that an approval would grant: an approval names it, so that what was shown is what is granted. */
  readonly digest: string
  /** What became of it. */
  readonly state: 'pending' | 'approved' | 'rejected' | 'superseded' | 'expired'
  /** The request that took this one's place. */
  readonly supersededBy: string | null
  /** What the device calls itself: a claim, as the four that follow. */
  readonly displayName: string | null
  /** The operating system, as it says. */
  readonly platform: string | null
  /** The kind of device, as it says. */
  readonly deviceFamily: string | null
  /** The program, as it says. */
  readonly clientId: string | null
  /** How the program runs, as it says. */
  readonly clientMode: string | null
  /** Where it came from; `null` when that cannot be known. */
  readonly fromAddress: string | null
  /** The network that the caps count by: the IPv4 address, the IPv6 /64. */
  readonly addressPrefix: string
  /** Why it was not silent. */
  readonly localityReason: LocalityReason
  /** What the operator should do about that, when there is something. */
  readonly localityAdvice: string | null
  /** Rule by rule, what the verdict saw. */
  readonly localityTrace: readonly TraceEntry[]
  /** `null` for a client that does not know of verification codes. */
  readonly verification: Verification | null
  /** Wrong codes that an approver typed. */
  readonly codeFailures: number
  /** Approvals that wait for a second one. */
  readonly approvals: readonly PartialApproval[]
  /** Milliseconds since the epoch. */
  readonly createdAtMs: number
  /** Moves with every covered retry, and with it `expiresAtMs`. */
  readonly refreshedAtMs: number
  /** Milliseconds since the epoch; retries put it off. */
  readonly expiresAtMs: number
  /** Milliseconds since the epoch; `null`: not yet. */
  readonly decidedAtMs: number | null
  /** Who decided, as `actorOf` names them. */
  readonly decidedBy: string | null
}

/** The exchange of nonces that a request's code comes from. */
export type Verification = Omit<VerificationReveal, 'requestId'> & {
  /** What the device shows: `4821-0937`. */
  readonly code: string
}

/** The first of two approvals: the second must be of the same. */
export type PartialApproval = {
  /** Who approved first, as `actorOf` names them. */
  readonly by: string
  /** What the approver held then. */
  readonly authority: {
    /** Of the approver's connection. */
    readonly role: string
    /** Of the approver's connection. */
    readonly scopes: readonly string[]
    /** The host whose silent grants counted; `null`: none did. */
    readonly silentHost: string | null
  }
  /** What was approved. */
  readonly asks: readonly RoleAsk[]
  /** For so many milliseconds; `null`: until it is revoked. */
  readonly expiresInMs: number | null
  /** Milliseconds since the epoch. */
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
