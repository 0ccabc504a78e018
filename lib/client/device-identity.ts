/** A device's Ed25519 key. The private half stays in it. */
export type DeviceIdentity = {
  /** Lower-case hex SHA-256 of the raw public key. */
  readonly deviceId: string
  /** Raw, base64url. */
  readonly publicKey: string
  /**
   * Ed25519 signature (RFC 8032) of the text's UTF-8 bytes, base64url. The same text must give the same
   * signature: the verification code is worked out from it again when the client retries.
   */
  sign(text: string): string | Promise<string>
}

/** One that signs at once, as Node's do. */
export type SyncDeviceIdentity = Omit<DeviceIdentity, 'sign'> & {
  /** As `DeviceIdentity.sign`, at once. */
  sign(text: string): string
}
