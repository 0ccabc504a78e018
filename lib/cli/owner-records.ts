/** A part of what a request asks for. */
export type RoleAsk = { readonly role: string; readonly scopes: readonly string[] }

/** A waiting request, as `device.pair.list` gives it. Only what the CLI shows. */
export type PendingRecord = {
  readonly requestId: string
  readonly digest: string
  readonly deviceId: string
  readonly displayName?: string
  readonly nameWarning?: string
  readonly platform?: string
  readonly clientId?: string
  readonly roles: readonly string[]
  readonly asks: readonly RoleAsk[]
  readonly scopes: readonly string[]
  readonly remoteIp?: string
  readonly reason: string
  readonly locality: { readonly reason: string; readonly advice?: string }
  readonly hasCode: boolean
  readonly codeRequired: boolean
  readonly verificationCode?: string
  readonly secondApproverRequired: boolean
  readonly approvedBy?: string
  readonly ts: number
  readonly expiresAtMs: number
}

/** One decision's worth of what a device holds. */
export type GrantRecord = RoleAsk & {
  readonly via: string
  readonly approvedBy?: string
  readonly origin?: string
  readonly fromAddress?: string
  readonly localityReason: string
  readonly grantedAtMs: number
  readonly expiresAtMs?: number
}

export type TokenRecord = {
  readonly role: string
  readonly issuedAtMs: number
  readonly expiresAtMs?: number
  readonly lastUsedAtMs?: number
  readonly revokedAtMs?: number
}

/** A paired device, as `device.pair.list` gives it. Only what the CLI shows. */
export type PairedRecord = {
  readonly deviceId: string
  readonly displayName?: string
  readonly label?: string
  readonly nameWarning?: string
  readonly platform?: string
  readonly clientId?: string
  readonly roles: readonly string[]
  readonly scopes: readonly string[]
  readonly approvedScopes: readonly string[]
  readonly approvedVia: string
  readonly approvedAtMs?: number
  readonly grants: readonly GrantRecord[]
  readonly tokens: readonly TokenRecord[]
  readonly createdAtMs: number
  readonly lastSeenAtMs?: number
  readonly connected: boolean
}

export type PairingList = {
  readonly pending: readonly PendingRecord[]
  readonly paired: readonly PairedRecord[]
}

/** A key that the owner does not want to hear of. */
export type IgnoredRecord = {
  readonly deviceId: string
  readonly displayName?: string | null
  readonly ignoredBy: string
  readonly ignoredAtMs: number
}

export type InviteRecord = {
  readonly inviteId: string
  readonly asks: readonly RoleAsk[]
  readonly label: string | null
  readonly createdBy: string
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly usedBy: string | null
  readonly usedAtMs: number | null
}

export type MadeInviteRecord = InviteRecord & { readonly bootstrapToken: string }
