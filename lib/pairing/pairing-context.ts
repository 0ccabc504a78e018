import type { PairingRequest } from './pairing-request.ts'
import type { PairingTransaction } from './pairing-store.ts'
import type { ScopeLattice } from './scopes.ts'
import type { SilentPolicy } from './silent-policy.ts'

/** Milliseconds since the epoch. Must not run backwards while the process lives. */
export type Clock = { now(): number }

export type PairingLimits = {
  /** How long a request waits without a retry. Default 5 minutes. */
  readonly requestTtlMs: number
  /** Requests that may wait at a time. Default 1,000. */
  readonly maxPending: number
  /** ... from one address prefix. Default 20. */
  readonly maxPendingPerPrefix: number
}

/** What happened, told after the commit. */
export type PairingEvent =
  | { readonly kind: 'requested'; readonly request: PairingRequest }
  | {
      readonly kind: 'resolved'
      readonly request: PairingRequest
      readonly decision: 'approved' | 'rejected' | 'expired'
    }
  /** What the device holds has shrunk: its live connections must end. */
  | { readonly kind: 'removed'; readonly deviceId: string }

/** What every operation needs, and where it leaves what is to be told once it is committed. */
export type PairingContext = {
  readonly tx: PairingTransaction
  readonly lattice: ScopeLattice
  readonly silent: SilentPolicy
  readonly limits: PairingLimits
  readonly nowMs: number
  readonly windowOpen: boolean
  readonly events: PairingEvent[]
}
