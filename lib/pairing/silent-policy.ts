import { LatchkeyError, rejectUnknownKeys } from '../errors.ts'
import type { Assurance, LocalityVerdict } from '../locality/verdict.ts'
import type { PairingReason, RoleAsk } from './pairing-request.ts'
import { isScope, type ScopeLattice } from './scopes.ts'

/** What can be given silently: all but letting a device in from elsewhere. */
export type SilentReason = Exclude<PairingReason, 'remote-use'>

/** Narrows silent pairing. By default every eligible client gets what it asks for. */
export type SilentOptions = {
  /** `window`: only after the owner opened one. Default `always`. */
  mode?: 'always' | 'window' | 'never'
  /** Default: all three. */
  reasons?: readonly SilentReason[]
  /** A ceiling: a client that asks for more waits for the owner. Default: none. */
  scopes?: readonly string[]
  /** The least assurance. Default: what makes a client local. */
  assurance?: Exclude<Assurance, 'none'>
}

export type SilentPolicy = {
  allows(verdict: LocalityVerdict, reason: PairingReason, ask: RoleAsk, windowOpen: boolean): boolean
}

const MODES = ['always', 'window', 'never'] as const
const REASONS = ['not-paired', 'role-upgrade', 'scope-upgrade'] as const
const ASSURANCES = ['headers', 'same-user', 'private-listener', 'local-secret'] as const

/** @throws {LatchkeyError} OPTION_UNKNOWN, OPTION_INVALID */
export function silentPolicy(options: SilentOptions, lattice: ScopeLattice): SilentPolicy {
  rejectUnknownKeys('silent', options, ['mode', 'reasons', 'scopes', 'assurance'])
  const mode = options.mode ?? 'always'
  const reasons: readonly string[] = options.reasons ?? REASONS
  const least = options.assurance ?? 'headers'
  const ceiling = options.scopes
  check('mode', MODES.includes(mode), MODES)
  check('assurance', ASSURANCES.includes(least), ASSURANCES)
  check('reasons', Array.isArray(reasons) && reasons.every((reason: unknown) => REASONS.some((known) => known === reason)), REASONS) // prettier-ignore
  check(
    'scopes',
    ceiling === undefined ||
      (Array.isArray(ceiling) &&
        ceiling.every((scope: unknown) => typeof scope === 'string' && isScope(scope))),
    ['scopes'],
  )

  return {
    allows(verdict, reason, ask, windowOpen) {
      if (!verdict.silent || !reasons.includes(reason)) return false
      if (mode === 'never' || (mode === 'window' && !windowOpen)) return false
      if (ASSURANCES.indexOf(verdict.assurance as (typeof ASSURANCES)[number]) < ASSURANCES.indexOf(least))
        return false
      return ceiling === undefined || lattice.missing(ceiling, ask.scopes).length === 0
    },
  }
}

function check(name: string, isValid: boolean, expected: readonly string[]): void {
  if (!isValid) throw new LatchkeyError('OPTION_INVALID', `silent.${name}: expected ${expected.join(', ')}`)
}
