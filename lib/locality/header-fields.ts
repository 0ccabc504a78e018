import type { LocalityPolicy } from './policy.ts'

export type ForwardingField = { readonly name: string; readonly value: string }

/** What one pass over the raw header list finds. */
export type HeaderFields = {
  readonly count: number
  /** The list has a name without a value: it was cut. */
  readonly cut: boolean
  readonly hosts: readonly string[]
  readonly authorities: readonly string[]
  readonly origins: readonly string[]
  readonly fetchSites: readonly string[]
  /** Forwarding fields in order; look-alike spellings among them. */
  readonly forwarding: readonly ForwardingField[]
  /** Why somebody seems to have tampered with forwarding headers; `null` when nobody has. */
  readonly tampering: string | null
}

/** Most requests have none of most kinds. */
const NONE: readonly never[] = []

/** `rawHeaders`: name, value, name, value, … */
export function readHeaderFields(policy: LocalityPolicy, rawHeaders: readonly string[]): HeaderFields {
  let hosts: string[] | null = null
  let authorities: string[] | null = null
  let origins: string[] | null = null
  let fetchSites: string[] | null = null
  let forwarding: ForwardingField[] | null = null
  let tampering: string | null = null

  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const field = policy.classifyField(rawHeaders[i] ?? '')
    const value = rawHeaders[i + 1] ?? ''
    if (field.kind === 'other') continue
    if (!field.exact) tampering ??= `a field named ${JSON.stringify(field.name)}`
    if (field.kind === 'host') (hosts ??= []).push(value)
    else if (field.kind === 'authority') (authorities ??= []).push(value)
    else if (field.kind === 'origin') (origins ??= []).push(value)
    else if (field.kind === 'fetch-site') (fetchSites ??= []).push(value)
    else if (field.kind === 'forwarding') (forwarding ??= []).push({ name: field.name, value })
    else if (field.kind === 'connection') tampering ??= nomination(policy, value)
  }
  return {
    count: rawHeaders.length / 2,
    cut: rawHeaders.length % 2 === 1,
    hosts: hosts ?? NONE,
    authorities: authorities ?? NONE,
    origins: origins ?? NONE,
    fetchSites: fetchSites ?? NONE,
    forwarding: forwarding ?? NONE,
    tampering,
  }
}

/** `Connection` names fields that the next hop must drop (RFC 9110, section 7.6.1): a way to erase evidence. */
function nomination(policy: LocalityPolicy, connection: string): string | null {
  // Nearly every request has one of these.
  // Stryker disable next-line all: what follows says the same, and takes longer
  if (connection === 'keep-alive' || connection === 'close' || connection === 'Upgrade') return null
  for (const option of connection.split(',')) {
    const field = policy.classifyField(option.replaceAll(/[ \t]/g, ''))
    if (field.kind !== 'other' && field.kind !== 'connection') return `Connection nominates ${field.name}`
  }
  return null
}
