import { auditHash, NO_ENTRY_HASH, type AuditEntry } from '../../../lib/pairing/audit-entry.ts'
import type { Grant, Snapshot } from './snapshot.ts'

type Ask = { readonly role: string; readonly scopes: readonly string[] }
export type AuditDetails = {
  readonly requestId?: string
  readonly supersededBy?: string
  readonly granted?: readonly Ask[]
  readonly asks?: readonly Ask[]
  readonly role?: string
  readonly scopes?: readonly string[]
  readonly inviteId?: string
  readonly id?: string
  readonly label?: string
  readonly pending?: string | null
}

/** What the store has to hold, if all that was recorded was done, and nothing else. */
type Replayed = Pick<Snapshot, 'devices' | 'grants' | 'requests' | 'invites'>

export function detailsOf(entry: AuditEntry): AuditDetails {
  return JSON.parse(entry.details) as AuditDetails
}

/** Where what is recorded and what is there differ: decisions that were written by halves. */
export function halfWritten(snapshot: Snapshot): string[] {
  const problems = snapshot.isSound ? [] : ['the file is damaged']
  let previous = NO_ENTRY_HASH
  for (const [index, entry] of snapshot.audit.entries()) {
    const { hash, ...content } = entry
    const isNext = entry.seq === index + 1 && entry.previousHash === previous
    if (!isNext || auditHash(content) !== hash) problems.push(`the audit log is broken at ${entry.seq}`)
    previous = hash
  }
  const replayed = replay(snapshot.audit, problems)
  const compare = (what: string, recorded: Iterable<unknown>, stored: Iterable<unknown>): void => {
    const written = [...recorded].map((item) => JSON.stringify(item))
    const there = [...stored].map((item) => JSON.stringify(item))
    for (const item of without(written, there)) problems.push(`recorded, not there: ${what} ${item}`)
    for (const item of without(there, written)) problems.push(`there, not recorded: ${what} ${item}`)
  }
  compare('device', replayed.devices, snapshot.devices)
  compare('grant', replayed.grants, snapshot.grants)
  compare('request', replayed.requests, snapshot.requests)
  compare('invitation', replayed.invites, snapshot.invites)
  return problems
}

function without(items: readonly string[], others: readonly string[]): string[] {
  const left = [...others]
  return items.filter((item) => {
    const at = left.indexOf(item)
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
}

function replay(audit: readonly AuditEntry[], problems: string[]): Replayed {
  const devices = new Map<string, string | null>()
  const requests = new Map<string, string>()
  const invites = new Map<string, string | null>()
  let grants: Grant[] = []

  const give = (deviceId: string, via: string, asks: readonly Ask[], origin: string | null): void => {
    if (!devices.has(deviceId)) devices.set(deviceId, null)
    for (const { role, scopes } of asks) grants.push({ deviceId, role, via, scopes, origin })
  }
  const settle = (requestId: string, state: string): void => {
    if (requests.get(requestId) !== 'pending') problems.push(`${requestId} was ${state} and did not wait`)
    requests.set(requestId, state)
  }

  for (const entry of audit) {
    const details = detailsOf(entry)
    const {
      requestId = '',
      role = '',
      scopes = [],
      granted = [],
      asks = [],
      inviteId = '',
      id = '',
    } = details
    const deviceId = entry.deviceId ?? ''
    switch (entry.kind) {
      case 'silent-grant':
        give(deviceId, 'silent', [{ role, scopes }], null)
        break
      case 'request-filed':
        requests.set(requestId, 'pending')
        break
      case 'request-superseded':
        settle(requestId, 'superseded')
        break
      case 'request-expired':
        settle(requestId, 'expired')
        break
      case 'request-rejected':
        settle(requestId, 'rejected')
        break
      case 'request-approved':
        settle(requestId, 'approved')
        give(deviceId, 'owner', granted, requestId)
        break
      case 'token-revoked':
        grants = grants.filter((grant) => grant.deviceId !== deviceId || grant.role !== role)
        break
      case 'device-removed':
        grants = grants.filter((grant) => grant.deviceId !== deviceId)
        devices.delete(deviceId)
        if (typeof details.pending === 'string') settle(details.pending, 'rejected')
        break
      case 'device-renamed':
        devices.set(deviceId, details.label ?? null)
        break
      case 'invite-made':
        invites.set(id, null)
        break
      case 'invite-revoked':
        invites.delete(id)
        break
      case 'invite-used':
        if (invites.get(inviteId) !== null) problems.push(`${inviteId} was used and was not open`)
        invites.set(inviteId, deviceId)
        give(deviceId, 'owner', asks, inviteId)
        break
      case 'token-rotated':
        break
      default:
        problems.push(`nobody asked for ${entry.kind}`)
    }
  }
  return { devices, grants, requests, invites }
}
