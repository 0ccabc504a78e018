import { isRecord } from './frames.ts'
import type { VerificationReveal } from './verification-code.ts'

/** Details of the error NOT_PAIRED: what was asked for, what is held, and what happens next. */
export type PairingRequiredDetails = {
  /** Tells these details from those of other errors. */
  readonly code: 'PAIRING_REQUIRED'
  /** What the device lacks. */
  readonly reason: 'not-paired' | 'role-upgrade' | 'scope-upgrade' | 'remote-use'
  /** Absent when no request could be filed: too many are waiting. */
  readonly requestId?: string
  /** Stands for all that the approval would grant; goes with the request id into `latchkey approve`. */
  readonly digest?: string
  /** For a client that sent a nonce: what it needs to work out the code. */
  readonly verification?: VerificationReveal
  /** Of the key that asked. */
  readonly deviceId: string
  /** The role that was asked for. */
  readonly requestedRole: string
  /** The scopes that were asked for, in that role. */
  readonly requestedScopes: readonly string[]
  /** What the device holds already, when it holds anything. */
  readonly approvedRoles?: readonly string[]
  /** The scopes that it holds already, when it holds any. */
  readonly approvedScopes?: readonly string[]
  /** What a person has to do, in one sentence. */
  readonly remediationHint: string
  /** What the client should do. */
  readonly recommendedNextStep: 'wait_then_retry'
  /** Whether trying again can help. */
  readonly retryable: boolean
  /** When to try again, in milliseconds. Retries keep the request alive. */
  readonly retryAfterMs: number
  /** Why it was not silent. */
  readonly locality: {
    /** The code of the rule that decided. */
    readonly reason: string
    /** What the operator should do, when there is something to do. */
    readonly advice?: string
  }
}

/** A request id as it may stand in a close reason or a command line. */
export const REQUEST_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/

/** At most 52 bytes each: the request id must fit beside it into a close reason, which is cut at 120. */
const WHY: Readonly<Record<PairingRequiredDetails['reason'], string>> = {
  'not-paired': 'this device is not approved yet',
  'role-upgrade': 'this device asks for a role that it does not have',
  'scope-upgrade': 'this device asks for more scopes than were approved',
  'remote-use': 'it was paired silently and now calls from elsewhere',
}

/** Clients of every age look for the words "pairing required". */
export function pairingRequiredMessage(reason: PairingRequiredDetails['reason']): string {
  return `pairing required: ${WHY[reason]}`
}

/** The details of an error that a gateway sent, when it is this kind of refusal. Checks only what is used. */
export function readPairingRequired(details: unknown): PairingRequiredDetails | null {
  if (!isRecord(details) || details.code !== 'PAIRING_REQUIRED' || typeof details.reason !== 'string')
    return null
  return details as unknown as PairingRequiredDetails
}
