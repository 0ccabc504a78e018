/** A client's Ed25519 key, and what it says about itself. Nothing that it says widens anything. */
export type Device = {
  /** Lower-case hex SHA-256 of the raw public key: 64 characters. */
  readonly id: string
  /** The raw 32 bytes, base64url without padding. */
  readonly publicKey: string
  readonly displayName: string | null
  /** The owner's name for it; shown in place of its own. */
  readonly label: string | null
  readonly platform: string | null
  readonly deviceFamily: string | null
  readonly clientId: string | null
  readonly clientMode: string | null
  /** Milliseconds since the epoch, as all times here. */
  readonly createdAtMs: number
  /** Written at most once a minute. */
  readonly lastSeenAtMs: number | null
}
