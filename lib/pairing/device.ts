/** A client's Ed25519 key, and what it says about itself. Nothing that it says widens anything. */
export type Device = {
  /** Lower-case hex SHA-256 of the raw public key: 64 characters. */
  readonly id: string
  /** The raw 32 bytes, base64url without padding. */
  readonly publicKey: string
  /** What it calls itself: a claim, as all that follows but the label. */
  readonly displayName: string | null
  /** The owner's name for it; shown in place of its own. */
  readonly label: string | null
  /** The operating system, as it says. */
  readonly platform: string | null
  /** The kind of device, as it says. */
  readonly deviceFamily: string | null
  /** The program, as it says. */
  readonly clientId: string | null
  /** How the program runs, as it says. */
  readonly clientMode: string | null
  /** Milliseconds since the epoch, as all times here. */
  readonly createdAtMs: number
  /** Written at most once a minute. */
  readonly lastSeenAtMs: number | null
}
