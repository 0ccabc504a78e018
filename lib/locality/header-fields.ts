import type { LocalityPolicy } from './policy.ts'

/** What one pass over the raw header list finds. */
export type HeaderFields = {
  readonly count: number
  /** The list has a name without a value: it was cut. */
  readonly cut: boolean
  readonly hosts: string[]
  readonly authorities: string[]
  readonly origins: string[]
  readonly fetchSites: string[]
  /** Forwarding fields in order; look-alike spellings among them. */
  readonly forwarding: { readonly name: string; readonly value: string }[]
  /** Why somebody seems to have tampered with forwarding headers; `null` when nobody has. */
  readonly tampering: string | null
}

/** `rawHeaders`: name, value, name, value, … */
export function readHeaderFields(policy: LocalityPolicy, rawHeaders: readonly string[]): HeaderFields {
  const hosts: string[] = []
  const authorities: string[] = []
  const origins: string[] = []
  const fetchSites: string[] = []
  const forwarding: { name: string; value: string }[] = []
  let tampering: string | null = null

  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const field = policy.classifyField(rawHeaders[i] ?? '')
    const value = rawHeaders[i + 1] ?? ''
    if (field.kind === 'other') continue
    if (!field.exact) tampering ??= `a field named ${JSON.stringify(field.name)}`
    if (field.kind === 'host') hosts.push(value)
    else if (field.kind === 'authority') authorities.push(value)
    else if (field.kind === 'origin') origins.push(value)
    else if (field.kind === 'fetch-site') fetchSites.push(value)
    else if (field.kind === 'forwarding') forwarding.push({ name: field.name, value })
    else if (field.kind === 'connection') tampering ??= nomination(policy, value)
  }
  return {
    count: rawHeaders.length / 2,
    cut: rawHeaders.length % 2 === 1,
    hosts,
    authorities,
    origins,
    fetchSites,
    forwarding,
    tampering,
  }
}

/** `Connection` names fields that the next hop must drop (RFC 9110, section 7.6.1): a way to erase evidence. */
function nomination(policy: LocalityPolicy, connection: string): string | null {
  // Nearly every request has one of these.
  if (connection === 'keep-alive' || connection === 'close' || connection === 'Upgrade') return null
  for (const option of connection.split(',')) {
    const field = policy.classifyField(option.replaceAll(/[ \t]/g, ''))
    if (field.kind !== 'other' && field.kind !== 'connection') return `Connection nominates ${field.name}`
  }
  return null
}
