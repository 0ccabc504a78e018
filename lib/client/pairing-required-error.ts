import { LatchkeyError } from '../errors.ts'
import { isRecord } from '../protocol/frames.ts'
import { REQUEST_ID, type PairingRequiredDetails } from '../protocol/pairing-required.ts'
import { readRetryAfterMs, type WireError } from './client-errors.ts'
import { plainLine } from './plain-line.ts'
import type { Verification } from './verification.ts'

/** `other`: a reason that this version does not know; `details.reason` has it. */
export type PairingReason = PairingRequiredDetails['reason'] | 'other'

const REASONS: readonly PairingReason[] = ['not-paired', 'role-upgrade', 'scope-upgrade', 'remote-use']
/** When the gateway does not say. */
const RETRY_AFTER_MS = 5000
/** A gateway that asks for no pause, or for days, gets neither. */
const RETRY_RANGE_MS = { min: 250, max: 60_000 }

/**
 * The owner has to approve this device first, or what more it asks for. `code` is NOT_PAIRED. Everything in it
 * was said by the gateway and checked for its form; `details` has it as it came.
 */
export class PairingRequiredError extends LatchkeyError {
  /** What the device lacks. */
  readonly reason: PairingReason
  /** Absent when the gateway could file no request. */
  readonly requestId: string | undefined
  /** Stands for all that the approval would grant. */
  readonly digest: string | undefined
  /** The role that was asked for; empty when the gateway did not say. */
  readonly requestedRole: string
  /** The scopes that were asked for. */
  readonly requestedScopes: readonly string[]
  /** `4821-0937`; the owner sees the same beside the request. Absent when there is none, or it proved false. */
  readonly verificationCode: string | undefined
  /** What a person should read: how it gets approved, why it was not silent, when to try again. */
  readonly advice: readonly string[]
  /** When to try again, in milliseconds. Retries keep the request alive. */
  readonly retryAfterMs: number

  /** @internal */
  constructor({ message, details }: WireError, verification: Verification) {
    super('NOT_PAIRED', message, { details })
    this.reason = REASONS.find((reason) => reason === details.reason) ?? 'other'
    this.requestId = matching(details.requestId, REQUEST_ID)
    this.digest = matching(details.digest, /^[0-9a-f]{64}$/)
    this.requestedRole = typeof details.requestedRole === 'string' ? plainLine(details.requestedRole, 64) : ''
    this.requestedScopes = readNames(details.requestedScopes)
    this.verificationCode = verification.kind === 'code' ? verification.code : undefined
    const { min, max } = RETRY_RANGE_MS
    const asked = readRetryAfterMs(details.retryAfterMs) ?? RETRY_AFTER_MS
    this.retryAfterMs = Math.min(Math.max(asked, min), max)
    this.advice = [...adviceLines(details, verification), `Try again in ${seconds(this.retryAfterMs)}.`]
  }
}

/** Two refusals for the same request, shown in the same way, have the same. */
export function requestKey({ requestId, digest, verificationCode, reason }: PairingRequiredError): string {
  return JSON.stringify([requestId, digest, verificationCode, reason])
}

const UNVERIFIED =
  'The verification code could not be verified: what the gateway revealed is not what it had committed ' +
  'itself to. Somebody may be in between; do not let this request be approved.'

function adviceLines(details: WireError['details'], verification: Verification): string[] {
  const { remediationHint, locality } = details
  const { reason, advice } = isRecord(locality) ? locality : {}
  return [
    ...(verification.kind === 'unverified' ? [UNVERIFIED] : []),
    ...(typeof remediationHint === 'string' ? [plainLine(remediationHint)] : []),
    ...(typeof reason === 'string' ? [`Not seen as local: ${plainLine(reason, 64)}`] : []),
    ...(typeof advice === 'string' ? [plainLine(advice)] : []),
  ]
}

/** `1.5 s` */
export function seconds(ms: number): string {
  return `${Math.ceil(ms / 100) / 10} s`
}

function matching(value: unknown, pattern: RegExp): string | undefined {
  return typeof value === 'string' && pattern.test(value) ? value : undefined
}

/** A list of names that a gateway sent, for people. */
export function readNames(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return []
  return value
    .slice(0, 64)
    .filter((name): name is string => typeof name === 'string')
    .map((name) => plainLine(name, 64))
}
