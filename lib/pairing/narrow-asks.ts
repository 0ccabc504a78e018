import { LatchkeyError } from '../errors.ts'
import type { RoleAsk } from './pairing-request.ts'
import { isScope, sortedUnion, type ScopeLattice } from './scopes.ts'

/**
 * The part of a request that is to be granted. Each role keeps those of the scopes that it asked for, or that
 * one it asked for gives: `operator.read` can be approved where `operator.write` was asked for.
 *
 * @throws {LatchkeyError} INVALID_REQUEST when it would not be a part
 */
export function narrowAsks(
  lattice: ScopeLattice,
  asks: readonly RoleAsk[],
  {
    roles,
    scopes,
  }: { readonly roles?: readonly string[] | undefined; readonly scopes?: readonly string[] | undefined },
): readonly RoleAsk[] {
  const unknown = roles?.find((role) => !asks.some((ask) => ask.role === role))
  if (unknown !== undefined) throw notAsked('role', unknown)
  const kept = roles === undefined ? asks : asks.filter((ask) => roles.includes(ask.role))
  if (kept.length === 0)
    throw new LatchkeyError('INVALID_REQUEST', 'roles: name at least one, or leave it out')
  if (scopes === undefined) return kept
  // A pattern such as `operator.*` is given by a rule, but it is no scope.
  const isAsked = (scope: string): boolean =>
    isScope(scope) && kept.some((ask) => lattice.implies(ask.scopes, scope))
  const extra = scopes.find((scope) => !isAsked(scope))
  if (extra !== undefined) throw notAsked('scope', extra)
  return kept.map((ask) => ({
    role: ask.role,
    scopes: sortedUnion(scopes.filter((scope) => lattice.implies(ask.scopes, scope))),
  }))
}

function notAsked(what: 'role' | 'scope', name: string): LatchkeyError {
  return new LatchkeyError('INVALID_REQUEST', `${what}s: the request does not ask for the ${what} ${name}`, {
    details: { code: 'NOT_ASKED', [what]: name },
  })
}
