import { LatchkeyError } from '../errors.ts'
import { actorOf, type Authority } from './authority.ts'
import type { Decision } from './approve-request.ts'
import { settle } from './find-request.ts'
import type { PairingContext } from './pairing-context.ts'
import type { PairingRequest, RoleAsk } from './pairing-request.ts'

/** Wrong codes after which a request is rejected. */
const STRIKES = 3

export type CodeProblem = { readonly attemptsLeft: number }

/**
 * Holds a typed code against the one of the request. Where the policy asks for a code, one must be typed; a
 * request without a code (an older client) then needs the approver's word that this is known.
 *
 * @returns what is wrong with the code, which is counted; `null` when nothing is
 * @throws {LatchkeyError} INVALID_REQUEST or FORBIDDEN when a code is missing
 */
export async function checkCode(
  context: PairingContext,
  authority: Authority,
  request: PairingRequest,
  asks: readonly RoleAsk[],
  { code, withoutCode }: Pick<Decision, 'code' | 'withoutCode'>,
): Promise<CodeProblem | null> {
  // The program itself reads no screens.
  if (authority.kind === 'host') return null
  const isNeeded = context.approval.needsCode(asks)
  const expected = request.verification?.code ?? null
  if (code === undefined) {
    if (!isNeeded) return null
    if (expected !== null) throw codeRequired()
    if (withoutCode === true) return null
    throw noCode()
  }
  if (expected === null) throw noCode()
  if (code === expected) return null
  return strike(context, authority, request)
}

/** What the audit log keeps of it. The program itself types none, whatever it passes on. */
export function describeCode(
  authority: Authority,
  { code, withoutCode }: Pick<Decision, 'code' | 'withoutCode'>,
): { readonly codeTyped: boolean; readonly withoutCode: boolean } {
  const isTyped = authority.kind !== 'host' && code !== undefined
  return { codeTyped: isTyped, withoutCode: !isTyped && withoutCode === true }
}

async function strike(
  context: PairingContext,
  authority: Authority,
  request: PairingRequest,
): Promise<CodeProblem> {
  const counted = { ...request, codeFailures: request.codeFailures + 1 }
  const attemptsLeft = Math.max(0, STRIKES - counted.codeFailures)
  const details = { requestId: request.id, attemptsLeft }
  await context.audit.record('request-code-wrong', actorOf(authority), request.deviceId, details)
  if (attemptsLeft === 0) await settle(context, authority, counted, 'rejected')
  else await context.tx.putRequest(counted)
  return { attemptsLeft }
}

function codeRequired(): LatchkeyError {
  const message = 'this approval needs the code that the device shows: eight digits such as 4821-0937'
  return new LatchkeyError('INVALID_REQUEST', message, { details: { code: 'CODE_REQUIRED' } })
}

function noCode(): LatchkeyError {
  const message =
    'this device shows no code, so nothing proves that the request is its own. Compare the key, and approve ' +
    'it without a code only if you know it'
  return new LatchkeyError('FORBIDDEN', message, { details: { code: 'CODE_MISSING' } })
}
