import type { LocalityReason } from '../locality/verdict.ts'

/**
 * One decision's worth of what a device may do in a role. A device holds as many as there were decisions, and
 * what it may do is their union: what the owner approved, and what it got silently. The latter are honoured
 * only for connections that could be paired silently now.
 */
export type Grant = {
  /** Names it. */
  readonly id: string
  /** Whose it is. */
  readonly deviceId: string
  /** The role that it gives something in. */
  readonly role: string
  /** Who gave it: nobody was asked, or the owner. */
  readonly via: 'silent' | 'owner'
  /** Sorted, without duplicates. */
  readonly scopes: readonly string[]
  /** Who approved it, as `actorOf` names them; `null` for a silent grant. */
  readonly approvedBy: string | null
  /** The request that was approved, or the invitation that was used; `null` for a silent grant. */
  readonly origin: string | null
  /** Where the client was when it asked; `null` when that was not known. */
  readonly fromAddress: string | null
  /** What locality said when it was given. */
  readonly localityReason: LocalityReason
  /** Where a silent one was given, and is honoured: on this host alone. `null` for an owner's. */
  readonly host: string | null
  /** Milliseconds since the epoch. */
  readonly grantedAtMs: number
  /** `null`: for good. */
  readonly expiresAtMs: number | null
}

export function isLive(grant: Grant, nowMs: number): boolean {
  return grant.expiresAtMs === null || grant.expiresAtMs > nowMs
}
