import { LatchkeyError } from '../errors.ts'
import type { Decision } from './approve-request.ts'
import { actorOf, heldScopes, isKeyless, silentHostOf, type Authority } from './authority.ts'
import { describeRequest } from './file-request.ts'
import type { PairingContext } from './pairing-context.ts'
import type { PairingRequest, PartialApproval } from './pairing-request.ts'
import { describeCode } from './verify-code.ts'

type Approved = Pick<PartialApproval, 'asks' | 'expiresInMs'>

export type SecondApproval =
  /** Nothing is missing; `first` is who approved before, if that was needed. */
  | { readonly kind: 'agreed'; readonly first: string | null }
  | { readonly kind: 'half-approved'; readonly request: PairingRequest }

/**
 * Where the policy asks for two approvers, keeps the first approval and grants with the second. The first must
 * still hold what it approved with, both must have approved the same, and no more than one of them may act on
 * grants that nobody approved.
 *
 * @throws {LatchkeyError} FORBIDDEN, INVALID_REQUEST
 */
export async function agreeWithFirst(
  context: PairingContext,
  authority: Authority,
  request: PairingRequest,
  approved: Approved,
  code: Pick<Decision, 'code' | 'withoutCode'>,
): Promise<SecondApproval> {
  if (authority.kind === 'host' || !context.approval.needsSecondApprover(approved.asks))
    return { kind: 'agreed', first: null }
  const by = actorOf(authority)
  const first = await standing(context, request.approvals[0])
  if (first === null || first.by === by) return keepFirst(context, authority, request, approved, code)
  if (
    JSON.stringify([first.asks, first.expiresInMs]) !== JSON.stringify([approved.asks, approved.expiresInMs])
  ) {
    throw new LatchkeyError('INVALID_REQUEST', 'the first approver has approved something else', {
      details: { code: 'APPROVALS_DIFFER', asks: first.asks, expiresInMs: first.expiresInMs },
    })
  }
  const areSilent = [
    await isSilent(context, first),
    await isSilent(context, approvalOf(context, authority, approved)),
  ]
  if (!areSilent.includes(false)) {
    throw new LatchkeyError(
      'FORBIDDEN',
      'two approvers are needed, and one of them must be a device that the owner has approved itself',
      { details: { code: 'SECOND_APPROVER_SILENT' } },
    )
  }
  return { kind: 'agreed', first: first.by }
}

/** The first approval, as long as its approver still holds what it approved with. */
async function standing(
  context: PairingContext,
  first: PartialApproval | undefined,
): Promise<PartialApproval | null> {
  if (first === undefined) return null
  if (isKeyless(first.by)) return first
  const { role, scopes, silentHost } = first.authority
  const held = heldScopes(await context.tx.grants(first.by), role, silentHost, context.nowMs)
  return held !== null && context.lattice.missing(held, scopes).length === 0 ? first : null
}

async function keepFirst(
  context: PairingContext,
  authority: Authority,
  request: PairingRequest,
  approved: Approved,
  code: Pick<Decision, 'code' | 'withoutCode'>,
): Promise<SecondApproval> {
  const approval = approvalOf(context, authority, approved)
  const kept = { ...request, approvals: [approval] }
  await context.tx.putRequest(kept)
  const { asks: granted, expiresInMs } = approved
  const details = { ...describeRequest(request), granted, expiresInMs, ...describeCode(authority, code) }
  await context.audit.record('request-half-approved', approval.by, request.deviceId, details)
  context.events.push({ kind: 'changed', what: 'approval', deviceId: request.deviceId })
  return { kind: 'half-approved', request: kept }
}

function approvalOf(context: PairingContext, authority: Authority, approved: Approved): PartialApproval {
  const { role, scopes } = authority.kind === 'device' ? authority : { role: 'operator', scopes: [] }
  const silentHost = silentHostOf(context, authority)
  return {
    ...approved,
    by: actorOf(authority),
    authority: { role, scopes, silentHost },
    atMs: context.nowMs,
  }
}

/** True when the approver's authority rests on grants that nobody approved. */
async function isSilent(context: PairingContext, { by, authority }: PartialApproval): Promise<boolean> {
  // Who has no key of its own holds none at all.
  const owned = heldScopes(await context.tx.grants(by), authority.role, null, context.nowMs)
  return owned === null || context.lattice.missing(owned, authority.scopes).length > 0
}
