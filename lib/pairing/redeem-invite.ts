import { randomUUID } from 'node:crypto'
import { ADMIN_SCOPE, heldScopes, isKeyless } from './authority.ts'
import type { LocatedAttempt } from './connect-device.ts'
import { touchDevice } from './device-record.ts'
import type { Invite } from './invite.ts'
import type { PairingContext } from './pairing-context.ts'
import { hashToken } from './token.ts'

/** True when this very key used the invitation before, in its time: a retry, which needs nothing more of it. */
export async function isUsedBy(
  { tx, nowMs }: PairingContext,
  token: string,
  deviceId: string,
): Promise<boolean> {
  const invite = await tx.inviteByToken(hashToken(token))
  return invite?.usedBy === deviceId && invite.expiresAtMs > nowMs
}

/**
 * Gives the device what the invitation promises, and binds the invitation to its key. False for one that is
 * unknown, over, used by another key, the device's own, or whose maker could not make it any more.
 */
export async function redeemInvite(
  context: PairingContext,
  token: string,
  attempt: LocatedAttempt,
): Promise<boolean> {
  const { tx, nowMs, audit, events } = context
  const invite = await tx.inviteByToken(hashToken(token))
  if (invite === null || invite.usedBy !== null || invite.expiresAtMs <= nowMs) return false
  // Nobody approves itself: what a device holds silently would become an approval of the owner's.
  if (invite.createdBy === attempt.id || !(await isBacked(context, invite))) return false

  await touchDevice(context, attempt)
  for (const { role, scopes } of invite.asks) {
    await tx.putGrant({
      id: randomUUID(),
      deviceId: attempt.id,
      role,
      via: 'owner',
      scopes,
      approvedBy: invite.createdBy,
      origin: invite.id,
      fromAddress: attempt.verdict.clientAddress,
      localityReason: attempt.verdict.reason,
      host: null,
      grantedAtMs: nowMs,
      expiresAtMs: null,
    })
    const { displayName } = attempt.claims
    events.push({ kind: 'granted', deviceId: attempt.id, displayName, role, scopes, via: 'invite' })
  }
  await tx.putInvite({ ...invite, usedBy: attempt.id, usedAtMs: nowMs })
  const { id: inviteId, createdBy, asks } = invite
  const { clientAddress: from, assurance, reason: locality, trace } = attempt.verdict
  await audit.record('invite-used', attempt.id, attempt.id, {
    inviteId,
    createdBy,
    asks,
    ...attempt.claims,
    from,
    assurance,
    locality,
    trace,
  })
  return true
}

/** Whoever made it must still be able to; an invitation for the first owner must find none. */
async function isBacked(context: PairingContext, invite: Invite): Promise<boolean> {
  const { tx, lattice, nowMs, approval } = context
  const { createdBy, asks } = invite
  if (invite.isFirstOwner && (await tx.hasOwnerGrants())) return false
  if (createdBy === 'host') return true
  if (approval.needsSecondApprover(asks)) return false
  if (isKeyless(createdBy)) return true
  const held = heldScopes(await tx.grants(createdBy), 'operator', invite.silentHost, nowMs)
  const needed = [ADMIN_SCOPE, ...asks.flatMap((ask) => ask.scopes)]
  return held !== null && lattice.missing(held, needed).length === 0
}
