import type { ApprovalPolicy } from './approval-policy.ts'
import type { AuditTrail } from './audit-trail.ts'
import type { PairingRequest } from './pairing-request.ts'
import type { PairingTransaction } from './pairing-store.ts'
import type { ScopeLattice } from './scopes.ts'
import type { SilentPolicy } from './silent-policy.ts'

/**
 * Milliseconds since the epoch. Must not run backwards while the process lives. Where the store has a clock for
 * all of its processes, that one decides on pairings.
 */
export type Clock = {
  /** Milliseconds since the epoch. */
  now(): number
}

export type PairingLimits = {
  /** How long a request waits without a retry. Default 5 minutes. */
  readonly requestTtlMs: number
  /** Requests that may wait at a time. Default 1,000. */
  readonly maxPending: number
  /** ... from one address prefix. Default 20. */
  readonly maxPendingPerPrefix: number
  /** Requests that one key may make in an hour, widened ones included. Default 120. */
  readonly maxRequestsPerDevice: number
  /** How long a device token lasts; 0: until it is rotated or revoked. Default 0. */
  readonly tokenTtlMs: number
  /** Invitations that may be open at a time. Default 100. */
  readonly maxInvites: number
}

/** What happened, told after the commit. `kind` tells which. */
export type PairingEvent =
  | {
      readonly kind: 'requested'
      /** It waits for the owner. */
      readonly request: PairingRequest
    }
  | {
      readonly kind: 'resolved'
      /** As it was decided on. */
      readonly request: PairingRequest
      /** What became of it. */
      readonly decision: 'approved' | 'rejected' | 'expired'
    }
  /** A device got something without being asked about: silently, or by an invitation. */
  | {
      readonly kind: 'granted'
      /** Of the key that got it. */
      readonly deviceId: string
      /** What the device calls itself: a claim. */
      readonly displayName: string | null
      /** The role in which it got something. */
      readonly role: string
      /** What it got, not all that it holds. */
      readonly scopes: readonly string[]
      /** Whether it was local, or had an invitation. */
      readonly via: 'silent' | 'invite'
    }
  /** The device is gone: its live connections must end. */
  | {
      readonly kind: 'removed'
      /** It holds nothing any more. */
      readonly deviceId: string
    }
  /** What the device holds in a role (`null`: in any) has shrunk: its live connections must end. */
  | {
      readonly kind: 'revoked'
      /** Whose connections. */
      readonly deviceId: string
      /** In which role; `null`: in any. */
      readonly role: string | null
      /** What took it away. */
      readonly why: 'token revoked' | 'token reused' | 'silent grants undone' | 'scopes reduced'
    }
  /** The gateway became tainted, or (`null`) is no longer. */
  | {
      readonly kind: 'tainted'
      /** What was seen; `null` when it was cleared. */
      readonly taint: TaintRecord | null
    }
  /** Something that owners look at is no longer as it was, and no connection ends by it. */
  | {
      readonly kind: 'changed'
      /** Which list or record to read again. */
      readonly what: ChangedThing
      /** The device that it is about, when it is about one. */
      readonly deviceId: string | null
    }

/** A device's name or token, a first of two approvals, the ignored keys, the invitations, the doctor's findings. */
export type ChangedThing = 'name' | 'token' | 'approval' | 'ignored' | 'invites' | 'doctor'

/** Why the gateway is tainted, and since when. */
export type TaintRecord = {
  /** Milliseconds since the epoch. */
  readonly sinceMs: number
  /** What was seen, in words. */
  readonly why: string
}

/** What every operation needs, and where it leaves what is to be told once it is committed. */
export type PairingContext = {
  readonly tx: PairingTransaction
  readonly lattice: ScopeLattice
  readonly silent: SilentPolicy
  readonly approval: ApprovalPolicy
  readonly limits: PairingLimits
  readonly nowMs: number
  readonly windowOpen: boolean
  /** The host that this gateway runs on: silent grants of another one do not count here. */
  readonly host: string
  readonly node: { readonly id: string; readonly hasCompany: boolean }
  readonly audit: AuditTrail
  readonly events: PairingEvent[]
}
