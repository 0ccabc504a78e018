import type { GrantRecord, PairedRecord, PendingRecord, RoleAsk } from './owner-records.ts'
import { printable } from './printable.ts'

/**
 * What an approval of the request would add to what its device holds, in words. Compared by name: a scope that
 * another one gives already is still told, so that this never says too little.
 */
export function requestAdditions(
  request: PendingRecord,
  device: PairedRecord | undefined,
  nowMs: number = Date.now(),
): string[] {
  const live = (device?.grants ?? []).filter(
    ({ expiresAtMs }) => expiresAtMs === undefined || expiresAtMs > nowMs,
  )
  return request.asks.map((ask) => addition(ask, live))
}

function addition({ role, scopes }: RoleAsk, live: readonly GrantRecord[]): string {
  const ofRole = live.filter((grant) => grant.role === role)
  const owned = ofRole.filter((grant) => grant.via === 'owner')
  const silent = new Set(ofRole.filter((grant) => grant.via !== 'owner').flatMap((grant) => grant.scopes))
  const held = new Set(owned.flatMap((grant) => grant.scopes))
  const words = scopes
    .filter((scope) => !held.has(scope))
    .map((scope) => `${printable(scope)}${silent.has(scope) ? ' (so far only on this machine)' : ''}`)
  const name = printable(role)
  if (owned.length > 0) return words.length === 0 ? `nothing to the role ${name}` : words.join(', ')
  const soFar = ofRole.length > 0 ? ' (so far only on this machine)' : ''
  return `the role ${name}${soFar}${words.length === 0 ? ', without scopes' : ` with ${words.join(', ')}`}`
}
