import { isIPv4, isIPv6 } from 'node:net'
import { canonicalAddress, isLoopbackAddress } from './address.ts'
import { remembered } from './remembered.ts'

/** A Host value (RFC 9110, section 7.2), split by a strict grammar: never by a URL parser, which rewrites. */
export type HostName = {
  /** Lower case; an IPv6 literal without its brackets. */
  readonly name: string
  readonly port: number | null
  readonly isIPv6: boolean
  /**
   * `localhost`, `*.localhost`, a canonical 127/8 literal, `[::1]`. Other spellings of loopback are not: a mapped
   * literal, `0.0.0.0`, names that DNS answers with 127.0.0.1.
   */
  readonly isLoopback: boolean
}

/** A name of 253 characters, and a port. */
const MAX_LENGTH = 260
const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const REG_NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`)
const PORT = /^[1-9]\d{0,4}$/

/**
 * `null` for anything but `name`, `name:port`, `a.b.c.d[:port]`, `[v6][:port]`: user info, a path, a zone,
 * percent signs, underscores, a trailing dot, an empty, zero, padded or too large port, non-ASCII text.
 */
export function parseHost(text: string): HostName | null {
  // Stryker disable next-line ConditionalExpression,EqualityOperator: what follows refuses it too, and takes longer
  if (text.length > MAX_LENGTH) return null
  if (text.startsWith('[')) {
    const end = text.indexOf(']')
    const literal = text.slice(1, Math.max(end, 1))
    if (!isIPv6(literal) || literal.includes('%')) return null
    return withPort(literal.toLowerCase(), text.slice(end + 1), true)
  }
  const colon = text.indexOf(':')
  const name = (colon === -1 ? text : text.slice(0, colon)).toLowerCase()
  if (name.length > 253 || !REG_NAME.test(name)) return null
  return withPort(name, colon === -1 ? '' : text.slice(colon), false)
}

function withPort(name: string, rest: string, v6: boolean): HostName | null {
  if (rest === '') return hostName(name, null, v6)
  const digits = rest.slice(1)
  if (!rest.startsWith(':') || !PORT.test(digits)) return null
  const port = Number(digits)
  return port > 65535 ? null : hostName(name, port, v6)
}

function hostName(name: string, port: number | null, v6: boolean): HostName {
  return { name, port, isIPv6: v6, isLoopback: v6 ? name === '::1' : isLoopbackName(name) }
}

function isLoopbackName(name: string): boolean {
  if (name === 'localhost' || name.endsWith('.localhost')) return true
  return isIPv4(name) && isLoopbackAddress(name)
}

/**
 * `parseHost` with a memory of a fixed size, for whole field values: an app is called by few names. Whoever floods
 * it with others makes it forget, and nothing else.
 */
export function hostParser(): (text: string) => HostName | null {
  // Stryker disable next-line ObjectLiteral: without a memory it only takes longer
  return remembered(parseHost, { entries: 256, maxLength: MAX_LENGTH })
}

/** True when the host is the literal of `address` (canonical). A mapped literal is not that of its IPv4 address. */
export function isHostOfAddress(host: HostName, address: string): boolean {
  if (host.isIPv6 !== address.includes(':')) return false
  return canonicalAddress(host.name) === address
}

/** Same name, and the same port once the scheme's default stands in for a missing one. */
export function sameAuthority(a: HostName, b: HostName, defaultPort: number): boolean {
  return a.name === b.name && (a.port ?? defaultPort) === (b.port ?? defaultPort)
}
