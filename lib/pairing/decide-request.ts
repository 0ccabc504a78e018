import { LatchkeyError } from '../errors.ts'
import { requireCurrent, requireMayGrant, requireReach, type Authority } from './authority.ts'
import type { PairingContext } from './pairing-context.ts'
import type { PairingRequest, RoleAsk } from './pairing-request.ts'
import { sortedUnion } from './scopes.ts'

/**
 * Grants what the request asks for: all of it, and nothing that was not in its digest. A retry of a decision
 * that was made gives the same answer.
 *
 * @throws {LatchkeyError} NOT_FOUND, FORBIDDEN, INVALID_REQUEST (decided otherwise), REQUEST_SUPERSEDED with
 *   the request that took its place and what that one adds
 */
export async function approveRequest(
  context: PairingContext,
  authority: Authority,
  requestId: string,
  digest: string | undefined,
): Promise<PairingRequest> {
  const request = await findRequest(context, authority, requestId)
  requireMayGrant(context.lattice, authority, request)
  if (request.state === 'superseded') throw await superseded(context, request)
  if (digest !== undefined && digest !== request.digest) throw digestMismatch(request)
  if (request.state === 'approved') return request
  requirePending(request)

  await ensureDevice(context, request)
  for (const ask of request.asks) await grantAsk(context, authority, request, ask)
  return settle(context, authority, request, 'approved')
}

/** @throws {LatchkeyError} NOT_FOUND, FORBIDDEN, INVALID_REQUEST (decided otherwise), REQUEST_SUPERSEDED */
export async function rejectRequest(
  context: PairingContext,
  authority: Authority,
  requestId: string,
): Promise<PairingRequest> {
  const request = await findRequest(context, authority, requestId)
  requireReach(context.lattice, authority, request.deviceId)
  if (request.state === 'superseded') throw await superseded(context, request)
  if (request.state === 'rejected') return request
  requirePending(request)
  return settle(context, authority, request, 'rejected')
}

/** Takes a device out, with all that it holds and asks for. Its live connections end with the event. */
export async function removeDevice(
  context: PairingContext,
  authority: Authority,
  deviceId: string,
): Promise<void> {
  const { tx, lattice } = context
  requireCurrent(lattice, authority, await tx.grants(authority.deviceId), context.nowMs)
  requireReach(lattice, authority, deviceId)
  if ((await tx.device(deviceId)) === null) throw new LatchkeyError('NOT_FOUND', 'unknown deviceId')
  const pending = await tx.pendingRequestOf(deviceId)
  if (pending !== null) await settle(context, authority, pending, 'rejected')
  await tx.deleteDevice(deviceId)
  context.events.push({ kind: 'removed', deviceId })
}

async function findRequest(
  context: PairingContext,
  authority: Authority,
  requestId: string,
): Promise<PairingRequest> {
  const { tx, lattice } = context
  requireCurrent(lattice, authority, await tx.grants(authority.deviceId), context.nowMs)
  const request = await tx.request(requestId)
  if (request === null) throw new LatchkeyError('NOT_FOUND', 'unknown requestId')
  return request
}

function requirePending(request: PairingRequest): void {
  if (request.state === 'pending') return
  throw new LatchkeyError('INVALID_REQUEST', `this request was ${request.state} already`, {
    details: { code: 'REQUEST_SETTLED', state: request.state },
  })
}

async function ensureDevice({ tx, nowMs }: PairingContext, request: PairingRequest): Promise<void> {
  if ((await tx.device(request.deviceId)) !== null) return
  const { displayName, platform, deviceFamily, clientId, clientMode } = request
  await tx.putDevice({
    id: request.deviceId,
    publicKey: request.publicKey,
    displayName,
    platform,
    deviceFamily,
    clientId,
    clientMode,
    createdAtMs: nowMs,
    lastSeenAtMs: null,
  })
}

async function grantAsk(
  { tx, nowMs }: PairingContext,
  authority: Authority,
  request: PairingRequest,
  ask: RoleAsk,
): Promise<void> {
  const before = (await tx.grants(request.deviceId)).find(
    (grant) => grant.role === ask.role && grant.via === 'owner',
  )
  await tx.putGrant({
    deviceId: request.deviceId,
    role: ask.role,
    via: 'owner',
    scopes: sortedUnion(before?.scopes ?? [], ask.scopes),
    approvedBy: authority.deviceId,
    fromAddress: request.fromAddress,
    localityReason: request.localityReason,
    grantedAtMs: nowMs,
    expiresAtMs: null,
  })
}

async function settle(
  context: PairingContext,
  authority: Authority,
  request: PairingRequest,
  decision: 'approved' | 'rejected',
): Promise<PairingRequest> {
  const settled: PairingRequest = {
    ...request,
    state: decision,
    decidedAtMs: context.nowMs,
    decidedBy: authority.deviceId,
  }
  await context.tx.putRequest(settled)
  context.events.push({ kind: 'resolved', request: settled, decision })
  return settled
}

/** Follows the chain of requests to the one that stands now, and says what it adds to the one that was shown. */
async function superseded({ tx }: PairingContext, shown: PairingRequest): Promise<LatchkeyError> {
  let current = shown
  while (current.supersededBy !== null) {
    const next = await tx.request(current.supersededBy)
    if (next === null) break
    current = next
  }
  const had = new Set(shown.asks.flatMap((ask) => ask.scopes))
  const hadRoles = new Set(shown.asks.map((ask) => ask.role))
  return new LatchkeyError(
    'REQUEST_SUPERSEDED',
    'the device has asked for more since; look at its new request',
    {
      details: {
        code: 'REQUEST_SUPERSEDED',
        requestId: current.id,
        digest: current.digest,
        state: current.state,
        addedRoles: current.asks.map((ask) => ask.role).filter((role) => !hadRoles.has(role)),
        addedScopes: sortedUnion(current.asks.flatMap((ask) => ask.scopes)).filter(
          (scope) => !had.has(scope),
        ),
      },
    },
  )
}

function digestMismatch(request: PairingRequest): LatchkeyError {
  return new LatchkeyError('REQUEST_SUPERSEDED', 'the digest is not that of this request; look at it again', {
    details: {
      code: 'REQUEST_SUPERSEDED',
      requestId: request.id,
      digest: request.digest,
      state: request.state,
    },
  })
}
