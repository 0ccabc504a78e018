import { isIPv6 } from 'node:net'

/**
 * Canonical text of an IP literal, or `null` when `text` is not one. IPv4 as four decimal octets, IPv6 as in
 * RFC 5952; IPv4-mapped IPv6 (RFC 4291, section 2.5.5.2) as the IPv4 address. Zones, ports, brackets, octal,
 * hex and short forms are refused: what they mean depends on who reads them.
 */
export function canonicalAddress(text: string): string | null {
  if (ipv4Number(text) !== -1) return text
  if (!isIPv6(text) || text.includes('%')) return null
  const groups = ipv6Groups(text)
  return mappedIPv4(groups) ?? formatIPv6(groups)
}

/** True for 127.0.0.0/8 and ::1. Expects canonical text; `::ffff:127.0.0.1` is `127.0.0.1` by then. */
export function isLoopbackAddress(canonical: string): boolean {
  return canonical === '::1' || (canonical.startsWith('127.') && ipv4Number(canonical) !== -1)
}

/** An IPv4 address (canonical) as a number; -1 for all else. */
export function ipv4Number(canonical: string): number {
  let number = 0
  let octet = -1
  let dots = 0
  for (let i = 0; i < canonical.length; i += 1) {
    const digit = canonical.charCodeAt(i) - 48
    if (digit >= 0 && digit <= 9) {
      // No padding, as `isIPv4` has it: some read it as octal.
      if (octet === 0) return -1
      octet = octet === -1 ? digit : octet * 10 + digit
      if (octet > 255) return -1
    } else if (digit === -2 && octet !== -1) {
      number = number * 256 + octet
      octet = -1
      dots += 1
    } else {
      return -1
    }
  }
  return dots === 3 && octet !== -1 ? number * 256 + octet : -1
}

/** The network that one attacker is assumed to own: the address itself (IPv4), its /64 (IPv6). */
export function addressPrefix(canonical: string | null): string {
  if (canonical === null) return 'unknown'
  if (!canonical.includes(':')) return canonical
  const network = ipv6Groups(canonical).slice(0, 4)
  return `${network.map((group) => group.toString(16)).join(':')}::/64`
}

/** The eight groups of a text that `isIP` called IPv6. */
export function ipv6Groups(text: string): number[] {
  const lastColon = text.lastIndexOf(':')
  const tail = text.slice(lastColon + 1)
  let source = text
  if (tail.includes('.')) {
    const [a = 0, b = 0, c = 0, d = 0] = tail.split('.').map(Number)
    source = `${text.slice(0, lastColon + 1)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
  }
  const [head = '', rest] = source.split('::')
  const left = parseGroups(head)
  if (rest === undefined) return left
  const right = parseGroups(rest)
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right]
}

function parseGroups(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
}

function mappedIPv4(groups: readonly number[]): string | null {
  for (let i = 0; i < 5; i += 1) if (groups[i] !== 0) return null
  if (groups[5] !== 0xffff) return null
  const high = groups[6] ?? 0
  const low = groups[7] ?? 0
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
}

/** RFC 5952, section 4: lower case, no leading zeros, the first longest run of two or more zeros as `::`. */
function formatIPv6(groups: readonly number[]): string {
  let start = -1
  let length = 1
  for (let i = 0; i < 8; i += 1) {
    let end = i
    while (groups[end] === 0) end += 1
    if (end - i > length) {
      start = i
      length = end - i
    }
    i = Math.max(i, end - 1)
  }
  const hex = groups.map((group) => group.toString(16))
  if (start === -1) return hex.join(':')
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`
}
