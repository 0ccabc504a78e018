import type { LocalityVerdict } from '../locality/verdict.ts'
import { isLive, type Grant } from './grant.ts'
import type { PairingReason, RoleAsk } from './pairing-request.ts'
import { sortedUnion, type ScopeLattice } from './scopes.ts'
import type { SilentPolicy } from './silent-policy.ts'

export type PairingFacts = {
  readonly lattice: ScopeLattice
  readonly silent: SilentPolicy
  readonly windowOpen: boolean
  /** The host that the gateway runs on. */
  readonly host: string
  /** All that the device holds, expired ones too. */
  readonly grants: readonly Grant[]
  readonly ask: RoleAsk
  /** `null`: not worked out yet. */
  readonly verdict: LocalityVerdict | null
  readonly nowMs: number
}

export type PairingDecision =
  /** What it asks for is what it holds, by these grants. */
  | { readonly kind: 'admit'; readonly grants: readonly Grant[] }
  /** The owner's grants do not cover the ask, so it depends on where the client is. */
  | { readonly kind: 'needs-locality' }
  /** It is paired silently: these scopes come to what it holds. */
  | {
      readonly kind: 'grant'
      readonly verdict: LocalityVerdict
      readonly reason: PairingReason
      readonly scopes: readonly string[]
      readonly grants: readonly Grant[]
    }
  /** The owner has to decide. */
  | {
      readonly kind: 'wait'
      readonly verdict: LocalityVerdict
      readonly reason: PairingReason
      readonly heldRoles: readonly string[]
      readonly heldScopes: readonly string[]
    }

/**
 * The one function that decides whether a device may connect as it asks. Pure. A silent grant counts only
 * for a connection that could be paired silently now, on the host where it was given; pending requests play no part.
 */
export function decidePairing(facts: PairingFacts): PairingDecision {
  const { lattice, ask, verdict, nowMs } = facts
  const live = facts.grants.filter((grant) => isLive(grant, nowMs))
  const owned = live.filter((grant) => grant.via === 'owner')
  if (covers(lattice, owned, ask)) return { kind: 'admit', grants: owned }
  if (verdict === null) return { kind: 'needs-locality' }

  const silent = live.filter((grant) => grant.via === 'silent' && grant.host === facts.host)
  const honoured = verdict.silent ? [...owned, ...silent] : owned
  if (covers(lattice, honoured, ask)) return { kind: 'admit', grants: honoured }
  const reason = reasonFor(verdict.silent ? honoured : live, honoured, ask.role)
  const held = sortedUnion(...ofRole(honoured, ask.role).map((grant) => grant.scopes))
  if (facts.silent.allows(verdict, reason, ask, facts.windowOpen))
    return { kind: 'grant', verdict, reason, scopes: lattice.missing(held, ask.scopes), grants: honoured }
  return {
    kind: 'wait',
    verdict,
    reason,
    heldRoles: sortedUnion(honoured.map((grant) => grant.role)),
    heldScopes: held,
  }
}

export function covers(lattice: ScopeLattice, grants: readonly Grant[], ask: RoleAsk): boolean {
  const held = ofRole(grants, ask.role)
  const scopes = held.flatMap((grant) => grant.scopes)
  return held.length > 0 && lattice.missing(scopes, ask.scopes).length === 0
}

/** When the first of these grants ends without which they would not cover the ask; `null`: they always do. */
export function coveredUntil(lattice: ScopeLattice, grants: readonly Grant[], ask: RoleAsk): number | null {
  const ends = grants.map((grant) => grant.expiresAtMs).filter((end) => end !== null)
  for (const end of ends.sort((a, b) => a - b))
    if (
      !covers(
        lattice,
        grants.filter((grant) => isLive(grant, end)),
        ask,
      )
    )
      return end
  return null
}

function ofRole(grants: readonly Grant[], role: string): readonly Grant[] {
  return grants.filter((grant) => grant.role === role)
}

function reasonFor(live: readonly Grant[], honoured: readonly Grant[], role: string): PairingReason {
  if (honoured.some((grant) => grant.role === role)) return 'scope-upgrade'
  if (honoured.length > 0) return 'role-upgrade'
  return live.length > 0 ? 'remote-use' : 'not-paired'
}
