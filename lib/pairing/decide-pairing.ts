import type { LocalityVerdict } from '../locality/verdict.ts'
import type { Grant } from './grant.ts'
import type { PairingReason, RoleAsk } from './pairing-request.ts'
import { sortedUnion, type ScopeLattice } from './scopes.ts'
import type { SilentPolicy } from './silent-policy.ts'

export type PairingFacts = {
  readonly lattice: ScopeLattice
  readonly silent: SilentPolicy
  readonly windowOpen: boolean
  /** All that the device holds, expired ones too. */
  readonly grants: readonly Grant[]
  readonly ask: RoleAsk
  /** `null`: not worked out yet. */
  readonly verdict: LocalityVerdict | null
  readonly nowMs: number
}

export type PairingDecision =
  /** What it asks for is what it holds. */
  | { readonly kind: 'admit' }
  /** The owner's grants do not cover the ask, so it depends on where the client is. */
  | { readonly kind: 'needs-locality' }
  /** It is paired silently: the grant to write, with what it had silently before. */
  | { readonly kind: 'grant'; readonly reason: PairingReason; readonly scopes: readonly string[] }
  /** The owner has to decide. */
  | {
      readonly kind: 'wait'
      readonly reason: PairingReason
      readonly heldRoles: readonly string[]
      readonly heldScopes: readonly string[]
    }

/**
 * The one function that decides whether a device may connect as it asks. Pure. A silent grant counts only
 * for a connection that could be paired silently now; pending requests play no part.
 */
export function decidePairing(facts: PairingFacts): PairingDecision {
  const { lattice, ask, verdict } = facts
  const live = facts.grants.filter((grant) => grant.expiresAtMs === null || grant.expiresAtMs > facts.nowMs)
  const owned = live.filter((grant) => grant.via === 'owner')
  if (covers(lattice, owned, ask)) return { kind: 'admit' }
  if (verdict === null) return { kind: 'needs-locality' }

  const honoured = verdict.silent ? live : owned
  if (covers(lattice, honoured, ask)) return { kind: 'admit' }
  const reason = reasonFor(live, honoured, ask.role)
  if (facts.silent.allows(verdict, reason, ask, facts.windowOpen)) {
    const before = live.find((grant) => grant.role === ask.role && grant.via === 'silent')
    return { kind: 'grant', reason, scopes: sortedUnion(before?.scopes ?? [], ask.scopes) }
  }
  return {
    kind: 'wait',
    reason,
    heldRoles: sortedUnion(honoured.map((grant) => grant.role)),
    heldScopes: sortedUnion(
      ...honoured.filter((grant) => grant.role === ask.role).map((grant) => grant.scopes),
    ),
  }
}

function covers(lattice: ScopeLattice, grants: readonly Grant[], ask: RoleAsk): boolean {
  const ofRole = grants.filter((grant) => grant.role === ask.role)
  return (
    ofRole.length > 0 &&
    lattice.missing(
      ofRole.flatMap((grant) => grant.scopes),
      ask.scopes,
    ).length === 0
  )
}

function reasonFor(live: readonly Grant[], honoured: readonly Grant[], role: string): PairingReason {
  if (honoured.some((grant) => grant.role === role)) return 'scope-upgrade'
  if (honoured.length > 0) return 'role-upgrade'
  return live.length > 0 ? 'remote-use' : 'not-paired'
}
