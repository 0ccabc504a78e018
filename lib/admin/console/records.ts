import type { Ask } from './scopes-in-words.ts'

/** What the gateway sends, as far as it is shown. Absent is what does not apply. */
export type Locality = {
  readonly reason: string
  readonly advice?: string
  /** Asked for when it is looked at. */
  readonly trace?: readonly {
    readonly rule: string
    readonly outcome: 'pass' | 'fail' | 'skip'
    readonly saw: string
  }[]
}

export type PendingRequest = {
  readonly requestId: string
  readonly digest: string
  readonly deviceId: string
  readonly displayName?: string
  readonly nameWarning?: string
  readonly platform?: string
  readonly clientId?: string
  readonly asks: readonly Ask[]
  readonly remoteIp?: string
  readonly reason: string
  readonly locality: Locality
  readonly hasCode: boolean
  readonly codeRequired: boolean
  readonly verificationCode?: string
  readonly secondApproverRequired: boolean
  readonly approvedBy?: string
  readonly ts: number
  readonly expiresAtMs: number
}

export type Grant = {
  readonly role: string
  readonly scopes: readonly string[]
  readonly via: 'owner' | 'silent'
  readonly approvedBy?: string
  readonly origin?: string
  readonly fromAddress?: string
  readonly grantedAtMs: number
  readonly expiresAtMs?: number
}

export type PairedDevice = {
  readonly deviceId: string
  readonly displayName?: string
  readonly label?: string
  readonly nameWarning?: string
  readonly platform?: string
  readonly roles: readonly string[]
  readonly grants: readonly Grant[]
  readonly createdAtMs: number
  readonly lastSeenAtMs?: number
  readonly connected: boolean
  readonly tokens: readonly {
    readonly role: string
    readonly issuedAtMs: number
    readonly revokedAtMs?: number
  }[]
}

export type Invite = {
  readonly inviteId: string
  readonly asks: readonly Ask[]
  readonly label: string | null
  readonly createdBy: string
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly usedBy: string | null
  readonly usedAtMs: number | null
}

/** Its token is said this once. */
export type MadeInvite = Invite & { readonly bootstrapToken: string }

export type IgnoredDevice = {
  readonly deviceId: string
  readonly displayName: string | null
  readonly ignoredAtMs: number
}

export type Taint = { readonly sinceMs: number; readonly why: string }

/** What `latchkey doctor` found when it was run last. */
export type DoctorFinding = {
  readonly check: string
  readonly level: 'green' | 'yellow' | 'red'
  readonly saw: string
  readonly advice?: string
}

export type DoctorRun = {
  readonly ranAtMs: number
  readonly findings: readonly DoctorFinding[]
  /** How many more there were. */
  readonly leftOut: number
}

export type Resolved = {
  readonly requestId: string
  readonly deviceId: string
  readonly decision: 'approved' | 'rejected' | 'expired'
}

/** Roles and scopes that the grants give, apart by who gave them. */
export function holdings(grants: readonly Grant[], via: Grant['via']): Ask[] {
  const roles = [...new Set(grants.filter((grant) => grant.via === via).map(({ role }) => role))].sort()
  return roles.map((role) => {
    const same = grants.filter((grant) => grant.via === via && grant.role === role)
    return { role, scopes: [...new Set(same.flatMap(({ scopes }) => scopes))].sort() }
  })
}
