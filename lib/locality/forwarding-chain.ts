import { canonicalAddress } from './address.ts'
import { forwardedChain } from './forwarded.ts'
import type { TrustList } from './trust-list.ts'

/** The header that names the hops. */
export type ForwardedBy = 'x-forwarded-for' | 'forwarded'

/**
 * The hops that a chain header names, left (client) to right (nearest proxy), canonical; `null` when one of
 * them is not a plain IP literal. Several fields of the same name are one list (RFC 9110, section 5.3).
 */
export function parseChain(forwardedBy: ForwardedBy, values: readonly string[]): string[] | null {
  const joined = values.join(',')
  if (forwardedBy === 'forwarded') return forwardedChain(joined)
  const chain: string[] = []
  for (const element of joined.split(',')) {
    const address = canonicalAddress(trimOws(element))
    if (address === null) return null
    chain.push(address)
  }
  return chain
}

/** The right-most hop that is not trusted, as proxy-addr finds it; the left-most when all are. */
export function clientOfChain(chain: readonly string[], trusts: TrustList): string {
  return chain.findLast((hop) => !trusts(hop)) ?? chain[0] ?? ''
}

/** Optional white space is space and tab, nothing else: `String.trim` would take a no-break space too. */
function trimOws(text: string): string {
  let start = 0
  let end = text.length
  while (isOws(text.charCodeAt(start))) start += 1
  while (isOws(text.charCodeAt(end - 1))) end -= 1
  return text.slice(start, end)
}

function isOws(code: number): boolean {
  return code === 0x20 || code === 0x09
}
