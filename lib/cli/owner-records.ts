/** A waiting request, as `device.pair.list` gives it. Only what the CLI shows. */
export type PendingRecord = {
  readonly requestId: string
  readonly digest: string
  readonly deviceId: string
  readonly displayName?: string
  readonly platform?: string
  readonly clientId?: string
  readonly roles: readonly string[]
  readonly scopes: readonly string[]
  readonly remoteIp?: string
  readonly reason: string
  readonly locality: { readonly reason: string; readonly advice?: string }
  readonly ts: number
  readonly expiresAtMs: number
}

/** A paired device, as `device.pair.list` gives it. Only what the CLI shows. */
export type PairedRecord = {
  readonly deviceId: string
  readonly displayName?: string
  readonly clientId?: string
  readonly roles: readonly string[]
  readonly scopes: readonly string[]
  readonly approvedVia: string
  readonly lastSeenAtMs?: number
  readonly connected: boolean
}

export type PairingList = {
  readonly pending: readonly PendingRecord[]
  readonly paired: readonly PairedRecord[]
}
