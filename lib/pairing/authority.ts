import { LatchkeyError } from '../errors.ts'
import type { Grant } from './grant.ts'
import type { PairingRequest } from './pairing-request.ts'
import type { ScopeLattice } from './scopes.ts'

export const PAIRING_SCOPE = 'operator.pairing'
export const ADMIN_SCOPE = 'operator.admin'

/** Who wants to decide something: a device on a connection, with the scopes that this connection has. */
export type Authority = {
  readonly deviceId: string
  readonly role: string
  readonly scopes: readonly string[]
  /** The connection was local enough for its silent grants to count. */
  readonly silentHonoured: boolean
}

/**
 * Throws unless the caller still holds what its connection was given. Asked inside the transaction: its
 * grants may have been taken away since it connected.
 */
export function requireCurrent(
  lattice: ScopeLattice,
  authority: Authority,
  grants: readonly Grant[],
  nowMs: number,
): void {
  const held = grants
    .filter((grant) => grant.role === authority.role)
    .filter((grant) => grant.via === 'owner' || authority.silentHonoured)
    .filter((grant) => grant.expiresAtMs === null || grant.expiresAtMs > nowMs)
    .flatMap((grant) => grant.scopes)
  const lost = lattice.missing(held, authority.scopes)
  if (lost.length > 0) throw missingScope(lost[0] ?? '', lost)
}

/** True when it may see and touch other devices than itself. */
export function actsForOthers(lattice: ScopeLattice, authority: Authority): boolean {
  return lattice.implies(authority.scopes, ADMIN_SCOPE)
}

/** Throws unless the caller may act on this device: on itself, or with `operator.admin` on all. */
export function requireReach(lattice: ScopeLattice, authority: Authority, deviceId: string): void {
  requireScope(lattice, authority.scopes, PAIRING_SCOPE)
  if (deviceId !== authority.deviceId) requireScope(lattice, authority.scopes, ADMIN_SCOPE)
}

/** Throws unless the caller may grant what the request asks for: never to itself, never more than it holds. */
export function requireMayGrant(lattice: ScopeLattice, authority: Authority, request: PairingRequest): void {
  if (request.deviceId === authority.deviceId) {
    throw new LatchkeyError('FORBIDDEN', 'a device cannot approve its own request; let another one decide', {
      details: { code: 'SELF_APPROVAL' },
    })
  }
  requireReach(lattice, authority, request.deviceId)
  const beyond = lattice.missing(
    authority.scopes,
    request.asks.flatMap((ask) => ask.scopes),
  )
  if (beyond.length > 0) throw missingScope(beyond[0] ?? '', beyond)
}

export function requireScope(lattice: ScopeLattice, scopes: readonly string[], scope: string): void {
  if (!lattice.implies(scopes, scope)) throw missingScope(scope, [scope])
}

function missingScope(scope: string, requiredScopes: readonly string[]): LatchkeyError {
  return new LatchkeyError('FORBIDDEN', `missing scope: ${scope}`, {
    details: { code: 'MISSING_SCOPE', missingScope: scope, requiredScopes },
  })
}
