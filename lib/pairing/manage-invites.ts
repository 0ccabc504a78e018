import { randomUUID } from 'node:crypto'
import { LatchkeyError } from '../errors.ts'
import {
  actorOf,
  requireAdmin,
  requireCurrent,
  requireMayGrant,
  silentHostOf,
  type Authority,
} from './authority.ts'
import { cleanName } from './device-name.ts'
import type { Invite } from './invite.ts'
import type { PairingContext } from './pairing-context.ts'
import type { RoleAsk } from './pairing-request.ts'
import { sortedUnion } from './scopes.ts'
import { hashToken, mintToken } from './token.ts'

export const DEFAULT_INVITE_TTL_MS = 10 * 60_000
const MAX_INVITE_TTL_MS = 7 * 24 * 60 * 60_000
/** How long used and expired ones are kept, for those who ask what became of them. */
const KEEP_ENDED_MS = 24 * 60 * 60_000

export type InviteAsk = {
  readonly role: string
  readonly scopes: readonly string[]
  readonly label?: string | undefined
  /** Default: 10 minutes. */
  readonly ttlMs?: number | undefined
  /** Works only as long as no owner has approved anything. */
  readonly isFirstOwner?: boolean
}

/** An invitation, and its token: nobody can say it again. */
export type MadeInvite = { readonly invite: Invite; readonly token: string }

/**
 * Makes an invitation: whoever presents its token first gets what it promises, never more than its maker holds,
 * and nothing that two approvers have to agree on.
 *
 * @throws {LatchkeyError} FORBIDDEN, INVALID_REQUEST, RATE_LIMITED when too many are open
 */
export async function makeInvite(
  context: PairingContext,
  authority: Authority,
  ask: InviteAsk,
): Promise<MadeInvite> {
  const { tx, nowMs, limits, lattice, approval, audit, events } = context
  const asks: readonly RoleAsk[] = [{ role: ask.role, scopes: sortedUnion(ask.scopes) }]
  await requireCurrent(context, authority)
  requireMayGrant(lattice, authority, null, asks)
  if (authority.kind !== 'host' && approval.needsSecondApprover(asks)) throw needsTwo()
  if (ask.isFirstOwner === true && (await tx.hasOwnerGrants())) throw hasOwner()
  const open = (await tx.invites()).filter((invite) => isOpen(invite, nowMs))
  if (open.length >= limits.maxInvites) {
    throw new LatchkeyError('RATE_LIMITED', `there are ${open.length} open invitations; revoke some first`)
  }
  const token = mintToken()
  const invite: Invite = {
    id: randomUUID(),
    tokenHash: hashToken(token),
    asks,
    label: cleanName(ask.label),
    createdBy: actorOf(authority),
    silentHost: silentHostOf(context, authority),
    isFirstOwner: ask.isFirstOwner ?? false,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + parseTtl(ask.ttlMs),
    usedBy: null,
    usedAtMs: null,
  }
  await tx.putInvite(invite)
  const { id, label, expiresAtMs, isFirstOwner } = invite
  await audit.record('invite-made', invite.createdBy, null, { id, asks, label, expiresAtMs, isFirstOwner })
  events.push({ kind: 'changed', what: 'invites', deviceId: null })
  return { invite, token }
}

/** Those that wait to be used, and those that ended within the last day. */
export async function listInvites(context: PairingContext, authority: Authority): Promise<Invite[]> {
  await requireAdmin(context, authority)
  return context.tx.invites()
}

/** Takes an invitation back. One that was used stays: remove the device instead. */
export async function revokeInvite(
  context: PairingContext,
  authority: Authority,
  inviteId: string,
): Promise<void> {
  await requireAdmin(context, authority)
  const invite = await context.tx.invite(inviteId)
  if (invite === null) throw new LatchkeyError('NOT_FOUND', 'unknown inviteId')
  if (invite.usedBy !== null) {
    throw new LatchkeyError('INVALID_REQUEST', 'this invitation was used; remove the device instead', {
      details: { code: 'INVITE_USED', deviceId: invite.usedBy },
    })
  }
  await context.tx.deleteInvite(inviteId)
  await context.audit.record('invite-revoked', actorOf(authority), null, {
    id: inviteId,
    asks: invite.asks,
    label: invite.label,
    createdBy: invite.createdBy,
  })
  context.events.push({ kind: 'changed', what: 'invites', deviceId: null })
}

/** Forgets what ended long ago. */
export async function sweepInvites({ tx, nowMs }: PairingContext): Promise<void> {
  for (const invite of await tx.invites())
    if (invite.expiresAtMs <= nowMs - KEEP_ENDED_MS) await tx.deleteInvite(invite.id)
}

export function isOpen(invite: Invite, nowMs: number): boolean {
  return invite.usedBy === null && invite.expiresAtMs > nowMs
}

function parseTtl(given: number | undefined): number {
  if (given === undefined) return DEFAULT_INVITE_TTL_MS
  if (Number.isInteger(given) && given >= 1000 && given <= MAX_INVITE_TTL_MS) return given
  throw new LatchkeyError(
    'INVALID_REQUEST',
    `ttlMs: got ${String(given)}, expected milliseconds from 1000 to ${MAX_INVITE_TTL_MS} (a week)`,
  )
}

function needsTwo(): LatchkeyError {
  const message = 'two approvers have to agree on these scopes: let the device ask for them, and both approve'
  return new LatchkeyError('FORBIDDEN', message, { details: { code: 'SECOND_APPROVER_REQUIRED' } })
}

function hasOwner(): LatchkeyError {
  return new LatchkeyError('INVALID_REQUEST', 'this gateway has an owner already: ask for an invitation', {
    details: { code: 'OWNER_EXISTS' },
  })
}
