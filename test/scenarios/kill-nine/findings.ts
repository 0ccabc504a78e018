import type { AuditEntry } from '../../../lib/pairing/audit-entry.ts'
import type { PairingEvent } from '../../../lib/pairing/index.ts'
import type { Attempt } from './ledger.ts'
import { detailsOf } from './replay-audit.ts'
import type { Grant, Snapshot } from './snapshot.ts'

/** Whether what the attempt asked for was decided and recorded. `null`: it asked for no decision. */
export function isRecorded(audit: readonly AuditEntry[], attempt: Attempt): boolean | null {
  const { op, deviceId, role, scopes, requestId, inviteId, isLocal } = attempt
  const mine = (kind: AuditEntry['kind']): readonly AuditEntry[] =>
    audit.filter((entry) => entry.kind === kind && (deviceId === null || entry.deviceId === deviceId))
  const names = (
    kind: AuditEntry['kind'],
    key: 'requestId' | 'inviteId' | 'id',
    value: string | null,
  ): boolean => mine(kind).some((entry) => detailsOf(entry)[key] === value)
  switch (op) {
    case 'connect': {
      if (!isLocal) return null
      const inRole = mine('silent-grant')
        .map(detailsOf)
        .filter((details) => details.role === role)
      const given = inRole.flatMap((details) => details.scopes ?? [])
      const isGiven = (scope: string): boolean =>
        given.includes(scope) || (scope === 'operator.read' && given.includes('operator.write'))
      return inRole.length > 0 && scopes.every(isGiven)
    }
    case 'file':
      return names('request-filed', 'requestId', requestId)
    case 'approve':
      return names('request-approved', 'requestId', requestId)
    case 'reject':
      return names('request-rejected', 'requestId', requestId)
    case 'rename':
      return mine('device-renamed').length > 0
    case 'rotate':
      return mine('token-rotated').length > 0
    case 'revoke':
      return mine('token-revoked').length > 0
    case 'remove':
      return mine('device-removed').length > 0
    case 'invite':
      return names('invite-made', 'id', inviteId)
    case 'revoke-invite':
      return names('invite-revoked', 'id', inviteId)
    case 'redeem':
      return names('invite-used', 'inviteId', inviteId)
  }
}

/** What the gateway said is done, and is not. */
export function lost({ audit, tokens, devices }: Snapshot, attempts: readonly Attempt[]): string[] {
  const problems = attempts
    .filter((attempt) => attempt.isAcknowledged && isRecorded(audit, attempt) === false)
    .map((attempt) => `lost: ${JSON.stringify(attempt)}`)
  // A token that a device was given is the one that is kept, unless something came after it.
  for (const [index, { tokenHash, deviceId, role }] of attempts.entries()) {
    const isLast = !attempts.slice(index + 1).some((later) => later.deviceId === deviceId)
    if (tokenHash === null || deviceId === null || !isLast || !devices.has(deviceId)) continue
    if (tokens.get(`${deviceId} ${role}`) !== tokenHash) problems.push(`lost: the token of ${deviceId}`)
  }
  return problems
}

/** Grants that nobody decided to give, or that give more than was decided. */
export function wrongGrants({ grants }: Snapshot, attempts: readonly Attempt[]): string[] {
  const asked = (grant: Grant): readonly Attempt[] => {
    const mine = attempts.filter(({ deviceId, role }) => deviceId === grant.deviceId && role === grant.role)
    if (grant.via === 'silent') return mine.filter(({ op, isLocal }) => op === 'connect' && isLocal)
    const isDecided = attempts.some(
      ({ op, requestId, inviteId }) =>
        (op === 'approve' && requestId === grant.origin) || (op === 'redeem' && inviteId === grant.origin),
    )
    return isDecided ? mine.filter(({ op }) => op === 'file' || op === 'redeem') : []
  }
  return grants
    .filter((grant) => {
      const scopes = asked(grant).flatMap((attempt) => attempt.scopes)
      return asked(grant).length === 0 || !grant.scopes.every((scope) => scopes.includes(scope))
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
  }
}

function expectedOf(entry: AuditEntry): string[] {
  const { requestId = '', role = '', scopes = [], asks = [] } = detailsOf(entry)
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
