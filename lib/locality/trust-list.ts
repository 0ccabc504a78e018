import proxyAddr from 'proxy-addr'
import { LatchkeyError } from '../errors.ts'
import { canonicalAddress, ipv4Number, ipv6Groups } from './address.ts'
import { remembered } from './remembered.ts'

/** True for an address that is in the list. Expects canonical text. */
export type TrustList = (canonical: string) => boolean

const NAMED_RANGES: readonly string[] = ['loopback', 'linklocal', 'uniquelocal']
const NAMED_IPV4: ReadonlyMap<string, readonly string[]> = new Map([
  ['loopback', ['127.0.0.0/8']],
  ['linklocal', ['169.254.0.0/16']],
  ['uniquelocal', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16']],
])

/**
 * Compiles what Express takes as a list for `trust proxy`: addresses, CIDR ranges, `loopback`, `linklocal`,
 * `uniquelocal`; an array, or one string with commas. Refuses what would trust strangers: `true`, hop counts,
 * functions, IPv4 ranges shorter than /8, IPv6 ranges shorter than /7 or that hold all IPv4-mapped addresses.
 */
export function compileTrustList(value: unknown): TrustList {
  const entries = listEntries(value)
  for (const entry of entries) checkEntry(entry)

  const compiled = proxyAddr.compile(entries)
  const ranges = entries.flatMap((entry) => NAMED_IPV4.get(entry) ?? entry).flatMap(ipv4Range)
  // Stryker disable next-line ObjectLiteral: without a memory it only takes longer
  const otherwise = remembered((canonical) => compiled(canonical, 0), { entries: 1024, maxLength: 45 })
  return (canonical) => {
    const number = ipv4Number(canonical)
    // Stryker disable next-line ConditionalExpression: proxy-addr says the same, and takes longer
    if (number !== -1) return ranges.some(({ network, free }) => (number ^ network) >>> free === 0)
    return otherwise(canonical)
  }
}

function listEntries(value: unknown): string[] {
  if (value === undefined || value === false) return []
  if (value === true) {
    throw invalid('true would trust every client to name its own address; list the proxies: ["loopback"]')
  }
  if (typeof value === 'number') {
    throw invalid(`a hop count (${value}) trusts whoever connects directly; list the proxies: ["loopback"]`)
  }
  const list = typeof value === 'string' ? value.split(',') : value
  if (!Array.isArray(list)) {
    throw invalid(`expected a list of addresses, CIDR ranges or names, got ${typeof value}`)
  }
  return list.map((entry: unknown) => {
    if (typeof entry !== 'string') throw invalid(`expected text, got ${typeof entry}`)
    return entry.trim()
  })
}

function checkEntry(entry: string): void {
  if (NAMED_RANGES.includes(entry)) return
  const [address = '', prefixText, ...rest] = entry.split('/')
  if (rest.length > 0 || canonicalAddress(address) === null) {
    throw invalid(
      `${JSON.stringify(entry)} is not an IP address, a CIDR range or one of ${NAMED_RANGES.join(', ')}`,
    )
  }
  if (prefixText === undefined) return
  const prefix = /^(0|[1-9]\d{0,2})$/.test(prefixText) ? Number(prefixText) : Number.NaN
  const isV6 = address.includes(':')
  if (!(prefix <= (isV6 ? 128 : 32))) {
    throw invalid(
      `${JSON.stringify(entry)}: the part after the slash must be a prefix length, such as 10.0.0.0/8`,
    )
  }
  if (prefix < (isV6 ? 7 : 8) || (isV6 && prefix < 104 && holdsMappedRange(address, prefix))) {
    throw invalid(`${JSON.stringify(entry)} trusts too much of the internet; name the proxies themselves`)
  }
}

/** What an entry holds of IPv4, as proxy-addr compares it; `free`: the bits that may differ, 0 to 24. */
function ipv4Range(entry: string): { readonly network: number; readonly free: number }[] {
  const [text = '', prefix] = entry.split('/')
  const network = ipv4Number(canonicalAddress(text) ?? '')
  if (network === -1) return []
  const bits = text.includes(':') ? 128 : 32
  return [{ network, free: bits - Number(prefix ?? bits) }]
}

/** Whether an IPv6 range holds ::ffff:0:0/96, in which every IPv4 address has a twin. */
function holdsMappedRange(address: string, prefix: number): boolean {
  const mapped = [0, 0, 0, 0, 0, 0xffff]
  const groups = ipv6Groups(address)
  return mapped.every((expected, index) => {
    const bits = Math.min(16, Math.max(0, prefix - index * 16))
    const mask = (0xffff << (16 - bits)) & 0xffff
    return ((groups[index] ?? 0) & mask) === (expected & mask)
  })
}

function invalid(message: string): LatchkeyError {
  return new LatchkeyError('OPTION_INVALID', `trustProxy: ${message}`)
}
