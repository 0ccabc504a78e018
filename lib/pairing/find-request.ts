import { LatchkeyError } from '../errors.ts'
import { actorOf, requireCurrent, requireReach, type Authority } from './authority.ts'
import type { PairingContext } from './pairing-context.ts'
import type { PairingRequest } from './pairing-request.ts'
import { sortedUnion } from './scopes.ts'

/**
 * The request, for somebody who may decide on it and has the right one in hand.
 *
 * @throws {LatchkeyError} FORBIDDEN, NOT_FOUND, REQUEST_SUPERSEDED with what took its place and what that adds
 */
export async function findRequest(
  context: PairingContext,
  authority: Authority,
  requestId: string,
  digest?: string,
): Promise<PairingRequest> {
  await requireCurrent(context, authority)
  const request = await context.tx.request(requestId)
  if (request === null) throw new LatchkeyError('NOT_FOUND', 'unknown requestId')
  requireReach(context.lattice, authority, request.deviceId)
  if (request.state === 'superseded') throw await superseded(context, request)
  if (digest !== undefined && digest !== request.digest) throw digestMismatch(request)
  return request
}

/** @throws {LatchkeyError} INVALID_REQUEST when it was decided or has expired */
export function requirePending(request: PairingRequest): void {
  if (request.state === 'pending') return
  throw new LatchkeyError('INVALID_REQUEST', `this request was ${request.state} already`, {
    details: { code: 'REQUEST_SETTLED', state: request.state },
  })
}

/** Ends a request, and has it told. */
export async function settle(
  context: PairingContext,
  authority: Authority,
  request: PairingRequest,
  decision: 'approved' | 'rejected',
): Promise<PairingRequest> {
  const settled: PairingRequest = {
    ...request,
    state: decision,
    decidedAtMs: context.nowMs,
    decidedBy: actorOf(authority),
  }
  await context.tx.putRequest(settled)
  context.events.push({ kind: 'resolved', request: settled, decision })
  return settled
}

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
        asks: current.asks,
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
      asks: request.asks,
    },
  })
}
