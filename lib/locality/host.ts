import { isIPv4, isIPv6 } from 'node:net'
import { canonicalAddress, isLoopbackAddress } from './address.ts'

/** A Host value (RFC 9110, section 7.2), split by a strict grammar: never by a URL parser, which rewrites. */
export type HostName = {
  /** Lower case; an IPv6 literal without its brackets. */
  readonly name: string
  readonly port: number | null
  readonly isIPv6: boolean
}

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const REG_NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`)
const PORT = /^[1-9]\d{0,4}$/

/**
 * `null` for anything but `name`, `name:port`, `a.b.c.d[:port]`, `[v6][:port]`: user info, a path, a zone,
 * percent signs, underscores, a trailing dot, an empty, zero, padded or too large port, non-ASCII text.
 */
export function parseHost(text: string): HostName | null {
  if (text.length > 260) return null
  if (text.startsWith('[')) {
    const end = text.indexOf(']')
    const literal = text.slice(1, end)
    if (end === -1 || !isIPv6(literal) || literal.includes('%')) return null
    return withPort(literal.toLowerCase(), text.slice(end + 1), true)
  }
  const colon = text.indexOf(':')
  const name = (colon === -1 ? text : text.slice(0, colon)).toLowerCase()
  if (name.length > 253 || !REG_NAME.test(name)) return null
  return withPort(name, colon === -1 ? '' : text.slice(colon), false)
}

function withPort(name: string, rest: string, v6: boolean): HostName | null {
  if (rest === '') return { name, port: null, isIPv6: v6 }
  const digits = rest.slice(1)
  if (!rest.startsWith(':') || !PORT.test(digits)) return null
  const port = Number(digits)
  return port > 65535 ? null : { name, port, isIPv6: v6 }
}

/**
 * `localhost`, `*.localhost`, a canonical 127/8 literal, `[::1]`. Other spellings of loopback are refused:
 * a mapped literal, `0.0.0.0`, names that DNS answers with 127.0.0.1.
 */
export function isLoopbackHost(host: HostName): boolean {
  if (host.isIPv6) return host.name === '::1'
  if (host.name === 'localhost' || host.name.endsWith('.localhost')) return true
  return isIPv4(host.name) && isLoopbackAddress(host.name)
}

/** True when the host is the literal of `address` (canonical). A mapped literal is not that of its IPv4 address. */
export function isHostOfAddress(host: HostName, address: string): boolean {
  if (host.isIPv6 !== address.includes(':')) return false
  return canonicalAddress(host.name) === address
}

/** Same name, and the same port once the scheme's default stands in for a missing one. */
export function sameAuthority(a: HostName, b: HostName, defaultPort: number): boolean {
  return a.name === b.name && a.isIPv6 === b.isIPv6 && (a.port ?? defaultPort) === (b.port ?? defaultPort)
}
