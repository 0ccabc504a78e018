import { randomUUID } from 'node:crypto'
import type { LocalityVerdict } from '../locality/verdict.ts'
import { coveredUntil, decidePairing, type PairingDecision } from './decide-pairing.ts'
import type { Device } from './device.ts'
import { deviceFor, touchDevice } from './device-record.ts'
import { fileRequest, type Unfiled } from './file-request.ts'
import type { Grant } from './grant.ts'
import type { PairingContext } from './pairing-context.ts'
import type { PairingReason, PairingRequest, RoleAsk, Verification } from './pairing-request.ts'
import { isUsedBy, redeemInvite } from './redeem-invite.ts'
import { revokeFamily, useToken } from './use-token.ts'
import { standingOf, type TokenRecord, type TokenStanding } from './token.ts'

/** A device that has proved its key, and what it wants. */
export type ConnectAttempt = {
  readonly id: string
  readonly publicKey: string
  readonly claims: Pick<Device, 'displayName' | 'platform' | 'deviceFamily' | 'clientId' | 'clientMode'>
  readonly ask: RoleAsk
  /** A device token that it sent along, if any. */
  readonly token: string | null
  /** The token of an invitation, if any. */
  readonly bootstrapToken: string | null
  /** It did not know the shared secret: only a valid token or an invitation lets it in. */
  readonly requiresToken: boolean
  /** `null`: not worked out yet; the answer says when it is needed. */
  readonly verdict: LocalityVerdict | null
  readonly addressPrefix: string
  /** The id of a request that is filed for this attempt; it was committed to beforehand. */
  readonly requestId: string
  readonly verification: Verification | null
}

/** One whose place is known. */
export type LocatedAttempt = ConnectAttempt & { readonly verdict: LocalityVerdict }

export type ConnectOutcome =
  | { readonly kind: 'needs-locality' }
  | {
      readonly kind: 'admitted'
      readonly ask: RoleAsk
      /** Paired or widened silently just now. */
      readonly silent: boolean
      /** Newly made: the store keeps its hash alone. */
      readonly newToken: string | null
      /** When what it was let in by ends, by the clock of the process; `null`: it does not. */
      readonly untilMs: number | null
      /** The last event that it has seen: revocations up to this one are not meant for it. */
      readonly atSeq: number
    }
  | { readonly kind: 'token-mismatch'; readonly standing: TokenStanding }
  /** Neither the shared secret, nor a token, nor an invitation. */
  | { readonly kind: 'unauthorized' }
  | { readonly kind: 'invite-invalid' }
  | {
      readonly kind: 'waiting'
      readonly reason: PairingReason
      /** `null`: none was filed, see `unfiled`. */
      readonly request: PairingRequest | null
      /** It was made just now. */
      readonly isNew: boolean
      readonly unfiled: Unfiled | null
      readonly heldRoles: readonly string[]
      readonly heldScopes: readonly string[]
    }

/** Admits the device, pairs it silently, or files its request: all in the one transaction of `context`. */
export async function connectDevice(
  context: PairingContext,
  attempt: ConnectAttempt,
): Promise<ConnectOutcome> {
  const { tx, nowMs } = context
  const { ask } = attempt
  const record = (await tx.tokens(attempt.id)).find((token) => token.role === ask.role) ?? null
  const standing = attempt.token === null || record === null ? null : standingOf(record, attempt.token, nowMs)
  if (standing === 'superseded' && record !== null) {
    await revokeFamily(context, record, attempt.addressPrefix)
    return { kind: 'token-mismatch', standing }
  }
  const isTokenValid = standing === 'current' || standing === 'previous'
  if (attempt.requiresToken && !isTokenValid && attempt.bootstrapToken === null)
    return standing === null ? { kind: 'unauthorized' } : { kind: 'token-mismatch', standing }

  const decision = await decideWithInvite(context, attempt, isTokenValid)
  if (decision.kind === 'invite-invalid' || decision.kind === 'needs-locality') return decision
  if (decision.kind === 'wait') return wait(context, attempt, decision)
  if (standing !== null && !isTokenValid) return { kind: 'token-mismatch', standing }
  return admit(context, attempt, decision, record)
}

type Decision = PairingDecision | { readonly kind: 'invite-invalid' }

/** An invitation counts where what the owner granted before does not cover the ask. */
async function decideWithInvite(
  context: PairingContext,
  attempt: ConnectAttempt,
  isTokenValid: boolean,
): Promise<Decision> {
  const { bootstrapToken, requiresToken, verdict } = attempt
  const grants = await context.tx.grants(attempt.id)
  const decision = decidePairing({ ...context, ...attempt, grants })
  const isAdmitted = decision.kind === 'admit' && (!requiresToken || isTokenValid)
  const isOwned = decision.kind === 'admit' && decision.grants.every((grant) => grant.via === 'owner')
  if (bootstrapToken === null || (isAdmitted && isOwned)) return decision
  if (verdict === null) return { kind: 'needs-locality' }
  // Once what it gave is gone, it does not stand in for the shared secret either.
  if (await isUsedBy(context, bootstrapToken, attempt.id))
    return isOwned || !requiresToken || isTokenValid ? decision : { kind: 'invite-invalid' }
  if (!(await redeemInvite(context, bootstrapToken, { ...attempt, verdict })))
    return isAdmitted ? decision : { kind: 'invite-invalid' }
  return decidePairing({ ...context, ...attempt, grants: await context.tx.grants(attempt.id) })
}

async function wait(
  context: PairingContext,
  attempt: ConnectAttempt,
  decision: Extract<PairingDecision, { kind: 'wait' }>,
): Promise<ConnectOutcome> {
  const { verdict, reason, heldRoles, heldScopes } = decision
  const device = await deviceFor(context, attempt)
  const filed = await fileRequest(context, { ...attempt, device, reason, verdict })
  return { kind: 'waiting', reason, heldRoles, heldScopes, ...filed }
}

async function admit(
  context: PairingContext,
  attempt: ConnectAttempt,
  decision: Extract<PairingDecision, { kind: 'admit' | 'grant' }>,
  record: TokenRecord | null,
): Promise<ConnectOutcome> {
  const { ask } = attempt
  await touchDevice(context, attempt)
  let { grants } = decision
  if (decision.kind === 'grant') grants = [...grants, await grantSilently(context, attempt, decision)]
  return {
    kind: 'admitted',
    ask,
    silent: decision.kind === 'grant',
    newToken: await useToken(context, attempt, record),
    untilMs: coveredUntil(context.lattice, grants, ask),
    atSeq: 0,
  }
}

async function grantSilently(
  { tx, nowMs, host, audit, events }: PairingContext,
  attempt: ConnectAttempt,
  { verdict, reason, scopes }: Extract<PairingDecision, { kind: 'grant' }>,
): Promise<Grant> {
  const { id: deviceId, claims } = attempt
  const { role } = attempt.ask
  const grant: Grant = {
    id: randomUUID(),
    deviceId,
    role,
    via: 'silent',
    scopes,
    approvedBy: null,
    origin: null,
    fromAddress: verdict.clientAddress,
    localityReason: verdict.reason,
    host,
    grantedAtMs: nowMs,
    expiresAtMs: null,
  }
  await tx.putGrant(grant)
  const { assurance, trace } = verdict
  const why = { from: grant.fromAddress, assurance, locality: grant.localityReason, trace }
  await audit.record('silent-grant', 'gateway', deviceId, { role, scopes, reason, ...claims, ...why })
  events.push({ kind: 'granted', deviceId, displayName: claims.displayName, role, scopes, via: 'silent' })
  return grant
}
