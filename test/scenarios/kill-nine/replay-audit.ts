import { auditHash, NO_ENTRY_HASH } from '../../../lib/pairing/audit-entry.ts'
import type { AuditDetails, Grant, Recorded, Snapshot } from './snapshot.ts'

/** What the store has to hold, if all that was recorded was done, and nothing else. */
type Replayed = Pick<Snapshot, 'devices' | 'grants' | 'requests' | 'invites'>

/** Where what is recorded and what is there differ: decisions that were written by halves. */
export function halfWritten(snapshot: Snapshot): string[] {
  const problems = snapshot.isSound ? [] : ['the file is damaged']
  let previous = NO_ENTRY_HASH
  for (const [index, entry] of snapshot.audit.entries()) {
    const { hash } = entry
    const isNext = entry.seq === index + 1 && entry.previousHash === previous
    if (!isNext || auditHash(entry) !== hash) problems.push(`the audit log is broken at ${entry.seq}`)
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
  const left = new Map<string, number>()
  for (const other of others) left.set(other, (left.get(other) ?? 0) + 1)
  return items.filter((item) => {
    const count = left.get(item) ?? 0
    left.set(item, count - 1)
    return count <= 0
  })
}

function replay(audit: readonly Recorded[], problems: string[]): Replayed {
  const devices = new Map<string, string | null>()
  const requests = new Map<string, string>()
  const invites = new Map<string, string | null>()
  let grants: Grant[] = []

  const give = (
    deviceId: string,
    via: string,
    asks: NonNullable<AuditDetails['asks']>,
    origin: string | null,
  ): void => {
    if (!devices.has(deviceId)) devices.set(deviceId, null)
    for (const { role, scopes } of asks) grants.push({ deviceId, role, via, scopes, origin })
  }
  const settle = (requestId: string, state: string): void => {
    if (requests.get(requestId) !== 'pending') problems.push(`${requestId} was ${state} and did not wait`)
    requests.set(requestId, state)
  }

  for (const entry of audit) {
    const {
      requestId = '',
      role = '',
      scopes = [],
      granted = [],
      asks = [],
      inviteId = '',
      id = '',
    } = entry.said
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
        if (typeof entry.said.pending === 'string') settle(entry.said.pending, 'rejected')
        break
      case 'device-renamed':
        devices.set(deviceId, entry.said.label ?? null)
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
