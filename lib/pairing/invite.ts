import type { RoleAsk } from './pairing-request.ts'

/** A one-time permission to pair, made by the owner. Its token is kept as a hash alone. */
export type Invite = {
  /** Names it; no secret. */
  readonly id: string
  /** SHA-256 of the token's text, lower-case hex. */
  readonly tokenHash: string
  /** What the device gets that uses it. */
  readonly asks: readonly RoleAsk[]
  /** For the owner's records. */
  readonly label: string | null
  /** Whoever made it, as `actorOf` names them. */
  readonly createdBy: string
  /** The host that the maker was local to when it made this one, so that its silent grants counted; or `null`. */
  readonly silentHost: string | null
  /** Works only as long as no owner has approved anything. */
  readonly isFirstOwner: boolean
  /** Milliseconds since the epoch. */
  readonly createdAtMs: number
  /** Milliseconds since the epoch. */
  readonly expiresAtMs: number
  /** The first key that used it; no other can. */
  readonly usedBy: string | null
  /** When it was used up; `null`: not yet. */
  readonly usedAtMs: number | null
}
