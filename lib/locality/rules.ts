import { canonicalAddress, isLoopbackAddress } from './address.ts'
import { clientOfChain, parseChain } from './forwarding-chain.ts'
import { readHeaderFields, type HeaderFields } from './header-fields.ts'
import { isHostOfAddress, isLoopbackHost, parseHost, sameAuthority, type HostName } from './host.ts'
import type { LocalityPolicy } from './policy.ts'
import type { LocalityReason, RequestFacts } from './verdict.ts'

/** Node keeps about this many header fields unless `server.maxHeadersCount` says otherwise. */
const DEFAULT_HEADER_LIMIT = 1000
const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)/
const TARGET_PORTS: ReadonlyMap<string, number> = new Map([
  ['http', 80],
  ['ws', 80],
  ['https', 443],
  ['wss', 443],
])

/** What the rules share about one request: each fact is worked out once. */
export type Reading = {
  readonly policy: LocalityPolicy
  readonly facts: RequestFacts
  readonly fields: HeaderFields
  /** Canonical peer; `null` when there is none or it is not a well-formed literal. */
  readonly peer: string | null
  readonly truncated: boolean
  readonly peerTrusted: boolean
  /** `null`: the chain header is absent, or not for us to read, or malformed. */
  readonly chain: readonly string[] | null
  readonly chainMalformed: boolean
  readonly clientAddress: string | null
  /** The request's only Host (or `:authority`), when it parses. */
  readonly host: HostName | null
  /** ... and it is a name of this machine. */
  readonly localHost: HostName | null
}

/** `pass` and `skip` say what was looked at; anything else is the code of the failure. */
export type RuleResult = { readonly outcome: 'pass' | 'skip' | LocalityReason; readonly saw: string }

export function readRequest(policy: LocalityPolicy, facts: RequestFacts): Reading {
  const fields = readHeaderFields(policy, facts.rawHeaders)
  const peer =
    facts.transport === 'tcp' && facts.remoteAddress !== null ? canonicalAddress(facts.remoteAddress) : null
  const truncated = fields.cut || fields.count >= (facts.headerLimit ?? DEFAULT_HEADER_LIMIT)
  const peerTrusted = peer !== null && policy.trusts(peer)

  const values: string[] = []
  for (const field of fields.forwarding) if (field.name === policy.forwardedBy) values.push(field.value)
  const readable = peerTrusted && values.length > 0
  const chain = readable ? parseChain(policy.forwardedBy, values) : null
  const chainMalformed = readable && chain === null
  const unknowable = chainMalformed || (peerTrusted && truncated)
  const clientAddress = unknowable ? null : chain === null ? peer : clientOfChain(chain, policy.trusts)

  const hostText = onlyHost(facts, fields)
  const host = hostText === null ? null : parseHost(hostText)
  const localHost = host !== null && isLocalHost(policy, facts, peer, host) ? host : null
  return {
    policy,
    facts,
    fields,
    peer,
    truncated,
    peerTrusted,
    chain,
    chainMalformed,
    clientAddress,
    host,
    localHost,
  }
}

export function peerKnown({ facts, peer }: Reading): RuleResult {
  if (facts.transport === 'private') return pass('a listener that Latchkey opened')
  if (facts.transport === 'unix')
    return fail('peer-unknown', 'a Unix socket of the app, which any proxy may use')
  if (peer === null) return fail('peer-unknown', facts.remoteAddress ?? 'no address')
  return pass(peer)
}

export function headersWhole({ facts, fields, truncated }: Reading): RuleResult {
  const limit = facts.headerLimit ?? DEFAULT_HEADER_LIMIT
  const saw = `${fields.count} of fewer than ${limit} fields`
  return truncated ? fail('headers-truncated', saw) : pass(saw)
}

export function listenerNotPublic({ facts }: Reading): RuleResult {
  const saw = facts.listener ?? 'no mark'
  return facts.listener === 'public' ? fail('public-listener', saw) : pass(saw)
}

export function peerIsLoopback({ policy, facts, peer }: Reading): RuleResult {
  if (facts.transport === 'private') return pass('a listener that Latchkey opened')
  if (peer === null) return fail('peer-not-loopback', 'no address')
  if (isLoopbackAddress(peer)) return pass(peer)
  if (!isOwnAddress(policy, facts, peer)) return fail('peer-not-loopback', peer)
  if (policy.assurance === 'headers')
    return fail('peer-not-loopback', `${peer}, which headers alone cannot prove`)
  return pass(`${peer}, which is our own end too`)
}

export function hostIsLocal({ facts, fields, host, localHost }: Reading): RuleResult {
  const given = [...fields.hosts, ...fields.authorities]
  const saw = given.join(', ')
  if (given.length === 0) return fail('host-missing', 'none')
  if (onlyHost(facts, fields) === null) return fail('host-duplicate', saw)
  if (host === null) return fail('host-malformed', saw)
  if (localHost === null) return fail('host-not-local', saw)
  return targetAgrees(facts.url, localHost)
    ? pass(saw)
    : fail('target-mismatch', `${facts.url} with Host ${saw}`)
}

export function forwardingTrusted({ fields, peerTrusted }: Reading): RuleResult {
  if (fields.forwarding.length === 0) return pass('no forwarding header')
  const saw = fields.forwarding.map((field) => field.name).join(', ')
  return peerTrusted ? pass(`${saw}, from a trusted proxy`) : fail('forwarding-untrusted', saw)
}

/** Rule 7. Only asked when there are forwarding headers and the peer is trusted. */
export function chainIsLocal({ policy, fields, chain, chainMalformed }: Reading): RuleResult {
  if (fields.forwarding.length === 0) return { outcome: 'skip', saw: 'no forwarding header' }
  if (chainMalformed) return fail('forwarding-malformed', valuesOf(fields, policy.forwardedBy))
  if (chain === null) return fail('forwarding-incomplete', `no ${policy.forwardedBy}`)
  for (const field of fields.forwarding) {
    if (field.name === policy.forwardedBy) continue
    const problem = companionProblem(policy, field, chain)
    if (problem !== null) return fail(problem, `${field.name}: ${field.value}`)
  }
  const saw = chain.join(', ')
  if (repeats(fields)) return fail('forwarding-conflict', 'the same forwarding header twice')
  if (!chain.every((hop) => policy.trusts(hop))) return fail('hop-untrusted', saw)
  if (!chain.every(isLoopbackAddress)) return fail('hop-not-loopback', saw)
  return pass(saw)
}

export function notTampered({ fields }: Reading): RuleResult {
  return fields.tampering === null ? pass('nothing odd') : fail('forwarding-tampered', fields.tampering)
}

function pass(saw: string): RuleResult {
  return { outcome: 'pass', saw }
}

function fail(outcome: LocalityReason, saw: string): RuleResult {
  return { outcome, saw }
}

/** The text of the one Host; over HTTP/2 `:authority`, beside which an equal Host may stand (RFC 9113, 8.3.1). */
function onlyHost(facts: RequestFacts, fields: HeaderFields): string | null {
  const isHttp2 = facts.httpVersion.startsWith('2')
  if (!isHttp2 && fields.authorities.length > 0) return null
  const given = [...fields.authorities, ...fields.hosts]
  if (given.length === 2 && fields.authorities.length === 1 && given[0] === given[1]) return given[0] ?? null
  return given.length === 1 ? (given[0] ?? null) : null
}

function isLocalHost(
  policy: LocalityPolicy,
  facts: RequestFacts,
  peer: string | null,
  host: HostName,
): boolean {
  if (isLoopbackHost(host)) return true
  if (peer !== null && isOwnAddress(policy, facts, peer) && isHostOfAddress(host, peer)) return true
  return policy.hosts.some(
    (own) =>
      own.name === host.name && own.isIPv6 === host.isIPv6 && (own.port === null || own.port === host.port),
  )
}

/** Both ends have the same address, so both are on this host; rule 9 still has to prove it. */
function isOwnAddress(policy: LocalityPolicy, facts: RequestFacts, peer: string): boolean {
  if (!policy.ownAddresses || facts.localAddress === undefined || facts.localAddress === null) return false
  return canonicalAddress(facts.localAddress) === peer
}

/** Origin form or `*` say nothing; an absolute form (RFC 9112, section 3.2.2) must name the same host and port. */
function targetAgrees(url: string, host: HostName): boolean {
  if (url.startsWith('/') || url === '*') return true
  const match = SCHEME.exec(url)
  const defaultPort = TARGET_PORTS.get((match?.[1] ?? '').toLowerCase())
  const authority = parseHost(match?.[2] ?? '')
  return defaultPort !== undefined && authority !== null && sameAuthority(authority, host, defaultPort)
}

function valuesOf(fields: HeaderFields, name: string): string {
  return fields.forwarding.filter((field) => field.name === name).map((field) => field.value).join(', ') // prettier-ignore
}

/** What may stand beside the chain; everything else means another proxy that we know nothing of. */
function companionProblem(
  policy: LocalityPolicy,
  field: { readonly name: string; readonly value: string },
  chain: readonly string[],
): LocalityReason | null {
  switch (field.name) {
    case 'x-forwarded-proto':
      return /^(?:https?|wss?)$/i.test(field.value) ? null : 'forwarding-malformed'
    case 'x-forwarded-port':
      return parseHost(`localhost:${field.value}`) === null ? 'forwarding-malformed' : null
    case 'x-forwarded-server':
      return null
    case 'x-forwarded-host': {
      const host = parseHost(field.value)
      if (host === null) return 'forwarding-malformed'
      const named = policy.hosts.some((own) => own.name === host.name && own.isIPv6 === host.isIPv6)
      return named || isLoopbackHost(host) ? null : 'forwarding-conflict'
    }
    case 'x-real-ip': {
      const address = canonicalAddress(field.value)
      if (address === null) return 'forwarding-malformed'
      return chain.includes(address) ? null : 'forwarding-conflict'
    }
    default:
      return 'forwarding-foreign'
  }
}

/** The chain header may come in several fields; its companions may not. */
function repeats(fields: HeaderFields): boolean {
  const names = fields.forwarding.map((field) => field.name)
  return [
    'x-forwarded-proto',
    'x-forwarded-port',
    'x-forwarded-server',
    'x-forwarded-host',
    'x-real-ip',
  ].some((name) => names.indexOf(name) !== names.lastIndexOf(name))
}
