import type { AuditEntry } from '../../../lib/pairing/audit-entry.ts'
import type { PairingEvent } from '../../../lib/pairing/index.ts'
import type { Attempt } from './ledger.ts'
import type { Recorded, Snapshot } from './snapshot.ts'

/** What is recorded, by what it is about. */
export type AuditIndex = {
  readonly has: (kind: AuditEntry['kind'], about: string | null) => boolean
  /** All that a device was ever given silently in a role; `null`: nothing. */
  readonly silent: (deviceId: string, role: string) => readonly string[] | null
}

export function indexAudit({ audit }: Snapshot): AuditIndex {
  const keys = new Set<string>()
  const given = new Map<string, readonly string[]>()
  for (const { kind, deviceId, said } of audit) {
    for (const about of [deviceId, said.requestId, said.inviteId, said.id])
      keys.add(`${kind} ${String(about)}`)
    if (kind !== 'silent-grant') continue
    const place = `${String(deviceId)} ${String(said.role)}`
    given.set(place, [...(given.get(place) ?? []), ...(said.scopes ?? [])])
  }
  return {
    has: (kind, about) => about !== null && keys.has(`${kind} ${about}`),
    silent: (deviceId, role) => given.get(`${deviceId} ${role}`) ?? null,
  }
}

/** Whether what the attempt asked for was decided and recorded. `null`: it asked for no decision. */
export function isRecorded(index: AuditIndex, attempt: Attempt): boolean | null {
  const { op, deviceId, role, scopes, requestId, inviteId, isLocal } = attempt
  switch (op) {
    case 'connect': {
      if (!isLocal) return null
      const given = index.silent(deviceId ?? '', role)
      const isGiven = (scope: string): boolean =>
        given?.includes(scope) === true ||
        (scope === 'operator.read' && given?.includes('operator.write') === true)
      return given !== null && scopes.every(isGiven)
    }
    case 'file':
      return index.has('request-filed', requestId)
    case 'approve':
      return index.has('request-approved', requestId)
    case 'reject':
      return index.has('request-rejected', requestId)
    case 'rename':
      return index.has('device-renamed', deviceId)
    case 'rotate':
      return index.has('token-rotated', deviceId)
    case 'revoke':
      return index.has('token-revoked', deviceId)
    case 'remove':
      return index.has('device-removed', deviceId)
    case 'invite':
      return index.has('invite-made', inviteId)
    case 'revoke-invite':
      return index.has('invite-revoked', inviteId)
    case 'redeem':
      return index.has('invite-used', inviteId)
  }
}

/** What the gateway said is done, and is not. */
export function lost(snapshot: Snapshot, index: AuditIndex, attempts: readonly Attempt[]): string[] {
  const problems = attempts
    .filter((attempt) => attempt.isAcknowledged && isRecorded(index, attempt) === false)
    .map((attempt) => `lost: ${JSON.stringify(attempt)}`)
  // A token that a device was given is the one that is kept, unless something came after it.
  const last = new Map(attempts.map((attempt) => [attempt.deviceId, attempt]))
  for (const { tokenHash, deviceId, role } of last.values()) {
    if (tokenHash === null || deviceId === null || !snapshot.devices.has(deviceId)) continue
    if (snapshot.tokens.get(`${deviceId} ${role}`) !== tokenHash)
      problems.push(`lost: the token of ${deviceId}`)
  }
  return problems
}

/** Grants that nobody decided to give, or that give more than was asked for when it was decided. */
export function wrongGrants({ grants }: Snapshot, attempts: readonly Attempt[]): string[] {
  const decided = new Set(
    attempts.flatMap(({ op, requestId, inviteId }) =>
      op === 'approve' ? [requestId] : op === 'redeem' ? [inviteId] : [],
    ),
  )
  const asked = new Map<string, string[]>()
  for (const { op, deviceId, role, scopes, isLocal } of attempts) {
    const via = op === 'file' || op === 'redeem' ? 'owner' : op === 'connect' && isLocal ? 'silent' : null
    const place = `${String(deviceId)} ${role} ${String(via)}`
    asked.set(place, [...(asked.get(place) ?? []), ...scopes])
  }
  return grants
    .filter(({ deviceId, role, via, scopes, origin }) => {
      const mine = asked.get(`${deviceId} ${role} ${via}`)
      if (mine === undefined || (via === 'owner' && !decided.has(origin))) return true
      return !scopes.every((scope) => mine.includes(scope))
    })
    .map((grant) => `wrong grant: ${JSON.stringify(grant)}`)
}

/** Events that had to be told of what is recorded, and were not. */
export function untold({ audit }: Snapshot, told: readonly PairingEvent[]): string[] {
  const keys = new Set(told.map(keyOf))
  return audit
    .flatMap(expectedOf)
    .filter((key) => !keys.has(key))
    .map((key) => `not told: ${key}`)
}

function keyOf(event: PairingEvent): string {
  switch (event.kind) {
    case 'requested':
      return `requested ${event.request.id}`
    case 'resolved':
      return `${event.decision} ${event.request.id}`
    case 'granted':
      return `granted ${event.via} ${event.deviceId} ${event.role} ${event.scopes.join()}`
    case 'removed':
      return `removed ${event.deviceId}`
    case 'revoked':
      return `revoked ${event.deviceId} ${String(event.role)}`
    case 'tainted':
      return `tainted ${String(event.taint?.why)}`
    case 'changed':
      return `changed ${event.what} ${String(event.deviceId)}`
  }
}

function expectedOf(entry: Recorded): string[] {
  const { requestId = '', role = '', scopes = [], asks = [] } = entry.said
  const deviceId = entry.deviceId ?? ''
  switch (entry.kind) {
    case 'request-filed':
      return [`requested ${requestId}`]
    case 'request-approved':
    case 'request-rejected':
    case 'request-expired':
      return [`${entry.kind.replace('request-', '')} ${requestId}`]
    case 'silent-grant':
      return [`granted silent ${deviceId} ${role} ${scopes.join()}`]
    case 'invite-used':
      return asks.map((ask) => `granted invite ${deviceId} ${ask.role} ${ask.scopes.join()}`)
    case 'device-removed':
      return [`removed ${deviceId}`]
    case 'token-revoked':
      return [`revoked ${deviceId} ${role}`]
    default:
      return []
  }
}
