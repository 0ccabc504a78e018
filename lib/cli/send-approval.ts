import { callAsOwner, type CommonOptions } from './cli-context.ts'
import type { PairedRecord } from './owner-records.ts'
import { fingerprint, printable } from './printable.ts'

/** What narrows an approval, and what proves that the right device is approved. */
export type ApprovalFlags = {
  readonly code?: string
  readonly withoutCode?: boolean
  readonly role?: readonly string[]
  readonly scope?: readonly string[]
  /** Milliseconds. */
  readonly expires?: number
}

export type ApprovalResult =
  | { readonly requestId: string; readonly device: PairedRecord }
  | { readonly requestId: string; readonly deviceId: string; readonly awaiting: string }

/**
 * Approves exactly what this digest stands for, or the part of it that the flags name.
 *
 * @param asked the scopes of the request, as far as they are known
 */
export async function sendApproval(
  options: CommonOptions & ApprovalFlags,
  { requestId, digest }: { readonly requestId: string; readonly digest: string },
  asked: readonly string[] = [],
): Promise<ApprovalResult> {
  const { code, withoutCode, role: roles, scope: scopes, expires: expiresInMs } = options
  const params = { requestId, digest, code, withoutCode, roles, scopes, expiresInMs }
  // Nobody grants a scope that it does not hold; operator.admin gives those that begin with operator.
  const beyondOperator = (scopes ?? asked).filter((scope) => !scope.startsWith('operator.'))
  return (await callAsOwner(options, 'device.pair.approve', params, beyondOperator)) as ApprovalResult
}

export function sentence(result: ApprovalResult): string {
  if ('awaiting' in result) {
    return `Half approved: key ${fingerprint(result.deviceId)} waits until another approver approves the same.`
  }
  const { device } = result
  const owned = device.grants.filter((grant) => grant.via === 'owner')
  const ends = owned.map((grant) => grant.expiresAtMs).filter((end) => end !== undefined)
  const until =
    ends.length === 0
      ? ''
      : `; ${ends.length === owned.length ? 'it ends' : 'part of it ends'} ${new Date(Math.min(...ends)).toISOString()}`
  const scopes = device.approvedScopes.map(printable).join(', ') || 'no scopes'
  return `Approved. The device may now connect as ${device.roles.map(printable).join(', ')} with ${scopes}${until}.`
}
