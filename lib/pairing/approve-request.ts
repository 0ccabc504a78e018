import { randomUUID } from 'node:crypto'
import { LatchkeyError } from '../errors.ts'
import { actorOf, requireMayGrant, type Authority } from './authority.ts'
import { covers } from './decide-pairing.ts'
import { describeRequest } from './file-request.ts'
import { findRequest, requirePending, settle } from './find-request.ts'
import { narrowAsks } from './narrow-asks.ts'
import type { PairingContext } from './pairing-context.ts'
import type { PairingRequest, RoleAsk } from './pairing-request.ts'
import { agreeWithFirst } from './second-approval.ts'
import { checkCode, describeCode, type CodeProblem } from './verify-code.ts'

const MIN_EXPIRY_MS = 1000
const MAX_EXPIRY_MS = 10 * 365 * 24 * 60 * 60 * 1000

/** What an approver says. */
export type Decision = {
  readonly requestId: string
  /** Of the request as it was shown. */
  readonly digest?: string | undefined
  /** Approve these roles alone. Default: all that it asks for. */
  readonly roles?: readonly string[] | undefined
  /** Approve these scopes alone: each must be asked for, or given by one that is. Default: all. */
  readonly scopes?: readonly string[] | undefined
  /** For so long only, in milliseconds. Default: for good. */
  readonly expiresInMs?: number | undefined
  /** The code that the device shows. */
  readonly code?: string | undefined
  /** Approve a risky scope although the device shows no code. */
  readonly withoutCode?: boolean | undefined
}

export type ApprovalOutcome =
  | { readonly kind: 'approved'; readonly request: PairingRequest }
  /** Another approver has to agree. */
  | { readonly kind: 'half-approved'; readonly request: PairingRequest }
  | { readonly kind: 'wrong-code'; readonly problem: CodeProblem }

/**
 * Grants what the request asks for, or less, and nothing that was not in its digest. A retry of a decision that
 * was made gives the same answer. A wrong code is an outcome, not an error: its count must be committed.
 *
 * @throws {LatchkeyError} NOT_FOUND, FORBIDDEN, INVALID_REQUEST, REQUEST_SUPERSEDED with the request that took
 *   its place and what that one adds
 */
export async function approveRequest(
  context: PairingContext,
  authority: Authority,
  decision: Decision,
): Promise<ApprovalOutcome> {
  const request = await findRequest(context, authority, decision.requestId, decision.digest)
  const asks = narrowAsks(context.lattice, request.asks, decision)
  const expiresInMs = parseExpiry(decision.expiresInMs)
  requireMayGrant(context.lattice, authority, request.deviceId, asks)
  if (request.state === 'approved') return { kind: 'approved', request }
  requirePending(request)

  const problem = await checkCode(context, authority, request, asks, decision)
  if (problem !== null) return { kind: 'wrong-code', problem }
  const second = await agreeWithFirst(context, authority, request, { asks, expiresInMs }, decision)
  if (second.kind !== 'agreed') return second

  await ensureDevice(context, request)
  for (const ask of asks) await grantAsk(context, authority, request, ask, expiresInMs)
  const how = { first: second.first, ...describeCode(authority, decision) }
  const details = { ...describeRequest(request), granted: asks, expiresInMs, ...how }
  await context.audit.record('request-approved', actorOf(authority), request.deviceId, details)
  return { kind: 'approved', request: await settle(context, authority, request, 'approved') }
}

function parseExpiry(given: number | undefined): number | null {
  if (given === undefined) return null
  if (Number.isInteger(given) && given >= MIN_EXPIRY_MS && given <= MAX_EXPIRY_MS) return given
  throw new LatchkeyError(
    'INVALID_REQUEST',
    `expiresInMs: got ${String(given)}, expected milliseconds from ${MIN_EXPIRY_MS} to ${MAX_EXPIRY_MS}`,
  )
}

async function ensureDevice({ tx, nowMs }: PairingContext, request: PairingRequest): Promise<void> {
  if ((await tx.device(request.deviceId)) !== null) return
  const { displayName, platform, deviceFamily, clientId, clientMode } = request
  await tx.putDevice({
    id: request.deviceId,
    publicKey: request.publicKey,
    displayName,
    label: null,
    platform,
    deviceFamily,
    clientId,
    clientMode,
    createdAtMs: nowMs,
    lastSeenAtMs: null,
  })
}

async function grantAsk(
  { tx, nowMs, lattice }: PairingContext,
  authority: Authority,
  request: PairingRequest,
  ask: RoleAsk,
  expiresInMs: number | null,
): Promise<void> {
  // A rule that approves a part of what a device asks for is asked again with each retry.
  const lasting = (await tx.grants(request.deviceId)).filter((grant) => grant.via === 'owner' && grant.expiresAtMs === null) // prettier-ignore
  if (covers(lattice, lasting, ask)) return
  await tx.putGrant({
    id: randomUUID(),
    deviceId: request.deviceId,
    role: ask.role,
    via: 'owner',
    scopes: ask.scopes,
    approvedBy: actorOf(authority),
    origin: request.id,
    fromAddress: request.fromAddress,
    localityReason: request.localityReason,
    host: null,
    grantedAtMs: nowMs,
    expiresAtMs: expiresInMs === null ? null : nowMs + expiresInMs,
  })
}
