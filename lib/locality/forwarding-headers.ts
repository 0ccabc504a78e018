import { remembered } from './remembered.ts'

/** Names that proxies use to say for whom they speak. An open set: presence counts, even when empty. */
const NAMES: ReadonlySet<string> = new Set([
  'forwarded',
  'via',
  'x-varnish',
  'surrogate-capability',
  'x-host',
  'x-cluster-client-ip',
  'cdn-loop',
  'x-amzn-trace-id',
])
const PREFIXES: readonly string[] = [
  'x-forwarded',
  'x-real-',
  'cf-',
  'fastly-',
  'fly-',
  'x-envoy-',
  'x-original-',
  'x-azure-',
  'x-appengine-',
  'x-vercel-',
  'tailscale-',
  'ngrok-',
  'x-proxyuser-',
  'wl-proxy-',
]
/** What balancers, firewalls and hosts call the client that they saw: `X-Originating-IP`, `DO-Connecting-IP`. */
const CLIENT_NAMES =
  /(?:^|-)(?:(?:client|client-connection|remote|connecting|originating|source|peer|visitor)-?(?:ip|addr|address)|coming-from)$/
/** With every separator removed: spellings that some server on the way may read as the real name. */
const SQUEEZED =
  /^(?:http)?(?:xforwarded|forwarded(?:for|host|proto)?$|xrealip$|xclientip$|trueclientip$|clientip$|via$)/
const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/

export type FieldKind =
  | 'host'
  | 'authority'
  | 'origin'
  | 'fetch-site'
  | 'connection'
  | 'forwarding'
  /** Reads like a forwarding header to somebody, but is not spelt like one. */
  | 'look-alike'
  | 'other'

export type FieldClass = {
  readonly kind: FieldKind
  /** Lower case, as it was spelt. */
  readonly name: string
  /** Spelt exactly as proxies spell it: no `_` or `.`, no stray character. */
  readonly exact: boolean
}

const OTHER_KINDS: ReadonlyMap<string, FieldKind> = new Map([
  ['host', 'host'],
  [':authority', 'authority'],
  ['origin', 'origin'],
  ['sec-fetch-site', 'fetch-site'],
  ['connection', 'connection'],
])

/** Makes the function that tells what a field name is. `extra`: more names, or prefixes that end in `*`. */
export function fieldClassifier(extra: readonly string[]): (rawName: string) => FieldClass {
  const names = new Set([...NAMES, ...extra.map(fold)])
  const prefixes = [
    ...PREFIXES,
    ...extra.filter((name) => name.endsWith('*')).map((name) => fold(name.slice(0, -1))),
  ]
  // Names of any use are shorter.
  // Stryker disable next-line ObjectLiteral: without a memory it only takes longer
  return remembered((rawName) => classify(rawName.toLowerCase()), { entries: 1024, maxLength: 64 })

  function classify(name: string): FieldClass {
    const folded = fold(name)
    const exact = folded === name && TOKEN.test(name) && !name.endsWith('-')
    if (
      names.has(folded) ||
      prefixes.some((prefix) => folded.startsWith(prefix)) ||
      CLIENT_NAMES.test(folded)
    ) {
      return { kind: 'forwarding', name, exact }
    }
    const kind = OTHER_KINDS.get(name)
    if (kind !== undefined) return { kind, name, exact: true }
    if (isLookAlike(name)) return { kind: 'look-alike', name, exact: false }
    return { kind: 'other', name, exact }
  }
}

function isLookAlike(name: string): boolean {
  if (SQUEEZED.test(name.replace(/[^a-z0-9]/g, ''))) return true
  // A stray character in a name: some server may trim it, and read another name than we do.
  const trimmed = trimName(name)
  return NAMES.has(trimmed) || OTHER_KINDS.has(trimmed)
}

function trimName(name: string): string {
  let start = 0
  let end = name.length
  while (start < end && !/[a-z0-9:]/.test(name.charAt(start))) start += 1
  while (end > start && !/[a-z0-9]/.test(name.charAt(end - 1))) end -= 1
  return name.slice(start, end)
}

function fold(name: string): string {
  return name.toLowerCase().replaceAll(/[_.]/g, '-')
}
