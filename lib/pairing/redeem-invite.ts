import { randomUUID } from 'node:crypto'
import { heldScopes, isKeyless, PAIRING_SCOPE } from './authority.ts'
import type { ConnectAttempt } from './connect-device.ts'
import { touchDevice } from './device-record.ts'
import type { Invite } from './invite.ts'
import type { PairingContext } from './pairing-context.ts'
import { hashToken } from './token.ts'

/** True when this very key used the invitation before: a retry, which needs nothing more of it. */
export async function isUsedBy({ tx }: PairingContext, token: string, deviceId: string): Promise<boolean> {
  return (await tx.inviteByToken(hashToken(token)))?.usedBy === deviceId
}

/**
 * Gives the device what the invitation promises, and binds the invitation to its key. False for one that is
 * unknown, over, used by another key, or whose maker could not make it any more.
 */
export async function redeemInvite(
  context: PairingContext,
  token: string,
  attempt: ConnectAttempt,
): Promise<boolean> {
  const { tx, nowMs, audit, events } = context
  const invite = await tx.inviteByToken(hashToken(token))
  if (invite === null || invite.usedBy !== null || invite.expiresAtMs <= nowMs) return false
  if (!(await isBacked(context, invite))) return false

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
      fromAddress: attempt.verdict?.clientAddress ?? null,
      localityReason: attempt.verdict?.reason ?? 'peer-unproven',
      grantedAtMs: nowMs,
      expiresAtMs: null,
    })
    const { displayName } = attempt.claims
    events.push({ kind: 'granted', deviceId: attempt.id, displayName, role, scopes, via: 'invite' })
  }
  await tx.putInvite({ ...invite, usedBy: attempt.id, usedAtMs: nowMs })
  const { id: inviteId, createdBy, asks } = invite
  const why = { locality: attempt.verdict?.reason, trace: attempt.verdict?.trace ?? [] }
  await audit.record('invite-used', attempt.id, attempt.id, {
    inviteId,
    createdBy,
    asks,
    ...attempt.claims,
    ...why,
  })
  return true
}

/** Whoever made it must still hold what it gives; an invitation for the first owner must find none. */
async function isBacked(context: PairingContext, invite: Invite): Promise<boolean> {
  const { tx, lattice, nowMs } = context
  if (invite.isFirstOwner) return !(await tx.hasOwnerGrants())
  if (invite.createdBy === 'host' || isKeyless(invite.createdBy)) return true
  const grants = await tx.grants(invite.createdBy)
  const held = heldScopes(grants, 'operator', invite.silentHonoured, nowMs) ?? []
  return lattice.missing(held, [PAIRING_SCOPE, ...invite.asks.flatMap((ask) => ask.scopes)]).length === 0
}
