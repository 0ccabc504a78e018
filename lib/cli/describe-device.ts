import { approverName } from './describe-request.ts'
import { nameAndKey } from './find-device.ts'
import type { GrantRecord, PairedRecord, TokenRecord } from './owner-records.ts'
import { duration, printable } from './printable.ts'
import { terminalOf, type Terminal } from './terminal.ts'
import { wrapped } from './wrapped.ts'

/** Everything about one device, a fact per line. */
export function describeDevice(device: PairedRecord, { paint }: Terminal = terminalOf()): string {
  const now = Date.now()
  const kind = [device.clientId, device.platform].filter((part) => part !== undefined).map(printable)
  const { lastSeenAtMs, label } = device
  const seen = lastSeenAtMs === undefined ? 'never' : `${duration(now - lastSeenAtMs)} ago`
  const lines = [
    paint('strong', nameAndKey(device)),
    `  id        ${printable(device.deviceId)}`,
    `  name      ${label === undefined ? 'its own choice' : 'given by you'}`,
    ...(device.nameWarning === undefined
      ? []
      : ['  beware    the name mixes alphabets: it may imitate another name']),
    `  client    ${kind.join(', ') || 'unknown'}`,
    `  known     since ${time(device.createdAtMs)}`,
    `  seen      ${device.connected ? 'connected now' : seen}`,
    '',
    paint('strong', 'Holds'),
    ...device.grants.flatMap((grant) => grantLines(grant, now)),
    ...(device.grants.length === 0 ? ['  nothing'] : []),
    '',
    paint('strong', 'Tokens'),
    ...device.tokens.flatMap((token) => wrapped(tokenLine(token, now), 80, '  ')),
    ...(device.tokens.length === 0 ? ['  none'] : []),
  ]
  return lines.join('\n')
}

function grantLines(grant: GrantRecord, now: number): string[] {
  const scopes = grant.scopes.map(printable).join(', ') || 'no scopes'
  const by = grant.via === 'silent' ? 'silently' : `by ${approverName(grant.approvedBy ?? 'an owner')}`
  const from = printable(grant.fromAddress ?? 'an unknown address')
  const origin = grant.origin === undefined ? '' : `; request or invitation ${printable(grant.origin)}`
  return [
    ...wrapped(`${printable(grant.role)} with ${scopes}`, 80, '  '),
    ...wrapped(`given ${by}, ${time(grant.grantedAtMs)}, ${ending(grant.expiresAtMs, now)}`, 80, '    '),
    ...wrapped(`asked from ${from} (${printable(grant.localityReason)})${origin}`, 80, '    '),
    ...(grant.via === 'silent' ? ['    counts only while it is on the machine of the gateway'] : []),
  ]
}

function tokenLine(
  { role, issuedAtMs, lastUsedAtMs, revokedAtMs, expiresAtMs }: TokenRecord,
  now: number,
): string {
  const used = lastUsedAtMs === undefined ? 'never used' : `used ${duration(now - lastUsedAtMs)} ago`
  const state = revokedAtMs === undefined ? ending(expiresAtMs, now) : `revoked ${time(revokedAtMs)}`
  return `${printable(role)}: issued ${time(issuedAtMs)}, ${used}, ${state}`
}

function ending(expiresAtMs: number | undefined, now: number): string {
  if (expiresAtMs === undefined) return 'for good'
  return expiresAtMs <= now ? `over since ${time(expiresAtMs)}` : `ends in ${duration(expiresAtMs - now)}`
}

/** UTC, so that two machines agree. */
function time(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
}
