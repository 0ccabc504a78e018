import { LatchkeyError } from '../errors.ts'
import { isLive, type Grant } from './grant.ts'
import type { PairingContext } from './pairing-context.ts'
import type { RoleAsk } from './pairing-request.ts'
import type { ScopeLattice } from './scopes.ts'

export const PAIRING_SCOPE = 'operator.pairing'
export const ADMIN_SCOPE = 'operator.admin'

/** A device on a connection, with the scopes that this connection has. */
export type DeviceAuthority = {
  /** Tells it from the other kinds of `Authority`. */
  readonly kind: 'device'
  /** Of its key. */
  readonly deviceId: string
  /** Of this connection. */
  readonly role: string
  /** Of this connection, not all that the device holds. */
  readonly scopes: readonly string[]
  /** The connection was local enough for its silent grants to count. */
  readonly silentHonoured: boolean
}

/** Who wants to decide something. `kind` tells which sort. */
export type Authority =
  | DeviceAuthority
  /** A client without a key of its own that was local and knew the shared secret. */
  | {
      readonly kind: 'shared-secret'
      /** Of its connection. */
      readonly scopes: readonly string[]
    }
  /** A caller of the HTTP API without a key of its own that could be paired silently. */
  | {
      readonly kind: 'local'
      /** What a silent grant could give. */
      readonly scopes: readonly string[]
    }
  /** The program that runs the gateway, or a rule that it made: it may do everything. */
  | {
      readonly kind: 'host'
      /** How it is signed in the log. */
      readonly name: 'host' | 'policy'
    }

/** How a decision is signed in grants, requests and the audit log. */
export function actorOf(authority: Authority): string {
  if (authority.kind === 'device') return authority.deviceId
  return authority.kind === 'host' ? authority.name : authority.kind
}

/** True for actors that hold no grants which could be looked at later. */
export function isKeyless(actor: string): boolean {
  return actor === 'shared-secret' || actor === 'local'
}

/**
 * Throws unless the caller still holds what its connection was given. Asked inside the transaction: its
 * grants may have been taken away since it connected.
 */
export async function requireCurrent(context: PairingContext, authority: Authority): Promise<void> {
  if (authority.kind !== 'device') return
  const grants = await context.tx.grants(authority.deviceId)
  const held = heldScopes(grants, authority.role, silentHostOf(context, authority), context.nowMs)
  const lost = held === null ? [PAIRING_SCOPE] : context.lattice.missing(held, authority.scopes)
  if (lost.length > 0) throw missingScope(lost[0] ?? '', lost)
}

/** The host whose silent grants count for the caller; `null`: none do. */
export function silentHostOf({ host }: Pick<PairingContext, 'host'>, authority: Authority): string | null {
  return authority.kind === 'device' && authority.silentHonoured ? host : null
}

/**
 * What the grants give in a role; `null` when they do not give the role.
 *
 * @param silentHost the host whose silent grants count; `null`: none do
 */
export function heldScopes(
  grants: readonly Grant[],
  role: string,
  silentHost: string | null,
  nowMs: number,
): readonly string[] | null {
  const counting = grants
    .filter((grant) => grant.role === role && isLive(grant, nowMs))
    .filter((grant) => grant.via === 'owner' || (silentHost !== null && grant.host === silentHost))
  return counting.length === 0 ? null : counting.flatMap((grant) => grant.scopes)
}

/** True when it may see and touch other devices than itself. */
function actsForOthers(lattice: ScopeLattice, authority: Authority): boolean {
  return authority.kind === 'host' || lattice.implies(authority.scopes, ADMIN_SCOPE)
}

/**
 * True for a caller that may look at all pairings, false for one that may look at its own. Throws for everybody
 * else, and for one that has lost what its connection was given.
 */
export async function seesAll(context: PairingContext, authority: Authority): Promise<boolean> {
  await requireCurrent(context, authority)
  requireScope(context.lattice, authority, PAIRING_SCOPE)
  return actsForOthers(context.lattice, authority)
}

/** Throws unless the caller still holds what its connection was given, and may act on this device with it. */
export async function requireReachable(
  context: PairingContext,
  authority: Authority,
  deviceId: string,
): Promise<void> {
  await requireCurrent(context, authority)
  requireReach(context.lattice, authority, deviceId)
}

/** Throws unless the caller may act on this device: on itself, or with `operator.admin` on all. */
export function requireReach(lattice: ScopeLattice, authority: Authority, deviceId: string): void {
  requireScope(lattice, authority, PAIRING_SCOPE)
  const isItself = authority.kind === 'device' && authority.deviceId === deviceId
  if (!isItself) requireScope(lattice, authority, ADMIN_SCOPE)
}

/** Throws unless the caller may give this to that device: never to itself, never more than it holds. */
export function requireMayGrant(
  lattice: ScopeLattice,
  authority: Authority,
  deviceId: string | null,
  asks: readonly RoleAsk[],
): void {
  if (authority.kind === 'host') return
  requireScope(lattice, authority, ADMIN_SCOPE)
  if (authority.kind === 'device' && authority.deviceId === deviceId) throw selfApproval()
  const beyond = lattice.missing(
    authority.scopes,
    asks.flatMap((ask) => ask.scopes),
  )
  if (beyond.length > 0) throw missingScope(beyond[0] ?? '', beyond)
}

export function requireScope(lattice: ScopeLattice, authority: Authority, scope: string): void {
  if (authority.kind === 'host' || lattice.implies(authority.scopes, scope)) return
  throw missingScope(scope, [scope])
}

/** Throws unless the caller still holds what its connection was given, and that is `operator.admin`. */
export async function requireAdmin(context: PairingContext, authority: Authority): Promise<void> {
  await requireCurrent(context, authority)
  requireScope(context.lattice, authority, ADMIN_SCOPE)
}

function selfApproval(): LatchkeyError {
  return new LatchkeyError('FORBIDDEN', 'a device cannot approve its own request; let another one decide', {
    details: { code: 'SELF_APPROVAL' },
  })
}

function missingScope(scope: string, requiredScopes: readonly string[]): LatchkeyError {
  return new LatchkeyError('FORBIDDEN', `missing scope: ${scope}`, {
    details: { code: 'MISSING_SCOPE', missingScope: scope, requiredScopes },
  })
}
