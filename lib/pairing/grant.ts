import type { LocalityReason } from '../locality/verdict.ts'

/**
 * What a device may do in one role. A device can hold two grants for a role: what the owner approved, and
 * what it got silently. The second is honoured only for connections that could be paired silently now.
 */
export type Grant = {
  readonly deviceId: string
  readonly role: string
  readonly via: 'silent' | 'owner'
  /** Sorted, without duplicates. */
  readonly scopes: readonly string[]
  /** Device that approved it; `null` for a silent grant. */
  readonly approvedBy: string | null
  /** Where the client was when it asked; `null` when that was not known. */
  readonly fromAddress: string | null
  readonly localityReason: LocalityReason
  readonly grantedAtMs: number
  readonly expiresAtMs: number | null
}
