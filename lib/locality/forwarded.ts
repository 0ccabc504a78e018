import { canonicalAddress } from './address.ts'

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y
const QUOTED = /"((?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*)"/y
const OWS = /[ \t]*/y

/**
 * The `for` addresses of a `Forwarded` field (RFC 7239, sections 4 and 6), left to right, canonical. `null`
 * when the field is malformed, an element has no `for` or two, or a node is `unknown` or obfuscated: each
 * leaves a hop that nobody can name.
 */
export function forwardedChain(value: string): string[] | null {
  const elements = parseForwarded(value)
  if (elements === null) return null
  const chain: string[] = []
  for (const element of elements) {
    const address = nodeAddress(element.get('for') ?? '')
    if (address === null) return null
    chain.push(address)
  }
  return chain
}

/** Elements as maps from lower-case parameter name to unquoted value; `null` when it does not parse. */
function parseForwarded(value: string): Map<string, string>[] | null {
  const elements: Map<string, string>[] = []
  let element = new Map<string, string>()
  let at = 0
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    const match = pattern.exec(value)
    if (match !== null) at = pattern.lastIndex
    return match
  }
  for (;;) {
    take(OWS)
    const name = take(TOKEN)?.[0].toLowerCase()
    if (name === undefined || value[at] !== '=' || element.has(name)) return null
    at += 1
    const quoted = take(QUOTED)
    const text = quoted === null ? take(TOKEN)?.[0] : quoted[1]?.replaceAll(/\\(.)/g, '$1')
    if (text === undefined) return null
    element.set(name, text)
    take(OWS)
    if (at === value.length) return [...elements, element]
    const separator = value[at]
    at += 1
    if (separator === ',') {
      elements.push(element)
      element = new Map()
    } else if (separator !== ';') {
      return null
    }
  }
}

/** `a.b.c.d`, `a.b.c.d:port`, `[v6]`, `[v6]:port` (section 6); `null` for all else. */
function nodeAddress(node: string): string | null {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::(\d{1,5}|_[A-Za-z0-9._-]+))?$/.exec(node)
  if (match === null) return null
  if (Number(match[3]) > 65535) return null
  const [, v6, v4] = match
  if (v6 !== undefined && !v6.includes(':')) return null
  return canonicalAddress(v6 ?? v4 ?? '')
}
