import { canonicalAddress } from './address.ts'
import { clientOfChain, parseChain } from './forwarding-chain.ts'
import { readHeaderFields, type HeaderFields } from './header-fields.ts'
import { isHostOfAddress, type HostName } from './host.ts'
import { originStanding, type OriginStanding } from './origin.ts'
import type { LocalityPolicy } from './policy.ts'
import type { RequestFacts } from './verdict.ts'

/** Node keeps about this many header fields unless `server.maxHeadersCount` says otherwise. */
const DEFAULT_HEADER_LIMIT = 1000

/** What rules 1 to 8 share about one request: each fact is worked out once. */
export type Reading = {
  readonly policy: LocalityPolicy
  readonly facts: RequestFacts
  readonly fields: HeaderFields
  readonly headerLimit: number
  /** Canonical peer; `null` when there is none or it is not a well-formed literal. */
  readonly peer: string | null
  readonly truncated: boolean
  readonly peerTrusted: boolean
  /** `null`: the chain header is absent, or not for us to read, or malformed. */
  readonly chain: readonly string[] | null
  readonly chainMalformed: boolean
  /** Canonical; `null` when it cannot be known. */
  readonly clientAddress: string | null
  /** The text of the request's only Host (or `:authority`); `null` when there is none, or more than one. */
  readonly hostText: string | null
  /** ... when it parses. */
  readonly host: HostName | null
  /** ... and it is a name of this machine. */
  readonly localHost: HostName | null
}

/** Reads the headers of a request once, for whatever is asked about it. The facts must not change afterwards. */
export function readRequest(policy: LocalityPolicy, facts: RequestFacts): Reading {
  const fields = readHeaderFields(policy, facts.rawHeaders)
  const headerLimit = facts.headerLimit ?? DEFAULT_HEADER_LIMIT
  const peer =
    facts.transport === 'tcp' && facts.remoteAddress !== null ? canonicalAddress(facts.remoteAddress) : null
  const truncated = fields.cut || fields.count >= headerLimit
  const peerTrusted = peer !== null && policy.trusts(peer)

  const values = peerTrusted ? valuesOf(fields, policy.forwardedBy) : []
  // Stryker disable next-line ConditionalExpression,EqualityOperator: no value at all is malformed, which takes longer to find
  const chain = values.length > 0 ? parseChain(policy.forwardedBy, values) : null
  const chainMalformed = values.length > 0 && chain === null
  const unknowable = chainMalformed || (peerTrusted && truncated)
  const clientAddress = unknowable ? null : chain === null ? peer : clientOfChain(chain, policy.trusts)

  const hostText = onlyHost(facts, fields)
  const host = hostText === null ? null : policy.parseHostField(hostText)
  const localHost = host !== null && isLocalHost(policy, facts, peer, host) ? host : null
  return {
    policy,
    facts,
    fields,
    headerLimit,
    peer,
    truncated,
    peerTrusted,
    chain,
    chainMalformed,
    clientAddress,
    hostText,
    host,
    localHost,
  }
}

/** Whose page a request acts for, if any: what decides on a 403 before a WebSocket's 101. */
export function originOfReading({ fields, localHost, policy }: Reading): OriginStanding {
  return originStanding(fields.origins, fields.fetchSites, localHost, policy.allowedOrigins)
}

/** The values of the forwarding fields of a name, in order. */
export function valuesOf(fields: HeaderFields, name: string): string[] {
  const values: string[] = []
  for (const field of fields.forwarding) if (field.name === name) values.push(field.value)
  return values
}

/** Both ends have the same address, so both are on this host; rule 9 still has to prove it. */
export function isOwnAddress(policy: LocalityPolicy, facts: RequestFacts, peer: string): boolean {
  return policy.ownAddresses && canonicalAddress(facts.localAddress ?? '') === peer
}

/** The text of the one Host; over HTTP/2 `:authority`, beside which an equal Host may stand (RFC 9113, 8.3.1). */
function onlyHost({ httpVersion }: RequestFacts, { hosts, authorities }: HeaderFields): string | null {
  if (authorities.length === 0) return hosts.length === 1 ? (hosts[0] ?? null) : null
  const [authority = null] = authorities
  const isHttp2 = httpVersion.startsWith('2')
  if (!isHttp2 || authorities.length > 1 || hosts.length > 1) return null
  return hosts.length === 0 || hosts[0] === authority ? authority : null
}

function isLocalHost(
  policy: LocalityPolicy,
  facts: RequestFacts,
  peer: string | null,
  host: HostName,
): boolean {
  if (host.isLoopback) return true
  if (peer !== null && isOwnAddress(policy, facts, peer) && isHostOfAddress(host, peer)) return true
  return policy.hosts.some((own) => own.name === host.name && (own.port === null || own.port === host.port))
}
