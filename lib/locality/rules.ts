import { isLoopbackAddress } from './address.ts'
import { parseHost, sameAuthority, type HostName } from './host.ts'
import { isOwnAddress, type Reading } from './reading.ts'
import { failed, passed, shared, shown } from './trace-entry.ts'
import type { TraceEntry } from './verdict.ts'

const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)/
const TARGET_PORTS: ReadonlyMap<string, number> = new Map([
  ['http', 80],
  ['ws', 80],
  ['https', 443],
  ['wss', 443],
])

/** What most requests get is made once. */
const PASSED = {
  privatePeer: shared(passed('peer-unknown', 'a listener that Latchkey opened')),
  usualPeer: shared(passed('peer-unknown', '127.0.0.1')),
  noMark: shared(passed('public-listener', 'no mark')),
  localMark: shared(passed('public-listener', 'local')),
  privateListener: shared(passed('peer-not-loopback', 'a listener that Latchkey opened')),
  usualLoopback: shared(passed('peer-not-loopback', '127.0.0.1')),
  notForwarded: shared(passed('forwarding-untrusted', 'no forwarding header')),
  nothingOdd: shared(passed('forwarding-tampered', 'nothing odd')),
}

export function peerKnown({ facts, peer }: Reading): TraceEntry {
  if (facts.transport === 'private') return PASSED.privatePeer
  if (facts.transport === 'unix')
    return failed('peer-unknown', 'a Unix socket of the app, which any proxy may use')
  if (peer === null) return failed('peer-unknown', facts.remoteAddress ?? 'no address')
  // Stryker disable next-line ConditionalExpression: the shared entry reads like a new one
  return peer === '127.0.0.1' ? PASSED.usualPeer : passed('peer-unknown', peer)
}

export function headersWhole({ fields, headerLimit, truncated }: Reading): TraceEntry {
  const saw = `${fields.count} of fewer than ${headerLimit} fields`
  return truncated ? failed('headers-truncated', saw) : passed('headers-truncated', saw)
}

export function listenerNotPublic({ facts }: Reading): TraceEntry {
  if (facts.listener === 'public') return failed('public-listener', 'public')
  return facts.listener === undefined ? PASSED.noMark : PASSED.localMark
}

export function peerIsLoopback({ policy, facts, peer }: Reading): TraceEntry {
  if (facts.transport === 'private') return PASSED.privateListener
  if (peer === null) return failed('peer-not-loopback', 'no address')
  // Stryker disable next-line ConditionalExpression: the shared entry reads like a new one
  if (peer === '127.0.0.1') return PASSED.usualLoopback
  if (isLoopbackAddress(peer)) return passed('peer-not-loopback', peer)
  if (!isOwnAddress(policy, facts, peer)) return failed('peer-not-loopback', peer)
  if (policy.assurance === 'headers')
    return failed('peer-not-loopback', `${peer}, which headers alone cannot prove`)
  return passed('peer-not-loopback', `${peer}, which is our own end too`)
}

export function hostIsLocal({ facts, fields, hostText, host, localHost }: Reading): TraceEntry {
  if (hostText === null) {
    const given = [...fields.hosts, ...fields.authorities]
    return given.length === 0 ? failed('host-missing', 'none') : failed('host-duplicate', given.join(', '))
  }
  // Stryker disable next-line ConditionalExpression: what joins several takes longer for one
  const saw = fields.authorities.length === 0 ? hostText : [...fields.hosts, ...fields.authorities].join(', ')
  if (host === null) return failed('host-malformed', saw)
  if (localHost === null) return failed('host-not-local', saw)
  if (!targetAgrees(facts.url, localHost)) return failed('target-mismatch', `${facts.url} with Host ${saw}`)
  // What parses is printable.
  // Stryker disable next-line ConditionalExpression,EqualityOperator: a short text is shown as it is
  return passed('host-not-local', saw.length > 120 ? shown(saw) : saw)
}

export function forwardingTrusted({ fields, peerTrusted }: Reading): TraceEntry {
  if (fields.forwarding.length === 0) return PASSED.notForwarded
  const saw = fields.forwarding.map((field) => field.name).join(', ')
  if (!peerTrusted) return failed('forwarding-untrusted', saw)
  return passed('forwarding-untrusted', shown(`${saw}, from a trusted proxy`))
}

export function notTampered({ fields }: Reading): TraceEntry {
  return fields.tampering === null ? PASSED.nothingOdd : failed('forwarding-tampered', fields.tampering)
}

/** Whether a target leaves the host to the headers: in origin form (RFC 9112, section 3.2.1), or `*`. */
export function namesNoHost(url: string): boolean {
  return url.startsWith('/') || url === '*'
}

/** An absolute form (RFC 9112, section 3.2.2) must name the same host and port. */
function targetAgrees(url: string, host: HostName): boolean {
  if (namesNoHost(url)) return true
  const match = SCHEME.exec(url)
  const defaultPort = TARGET_PORTS.get((match?.[1] ?? '').toLowerCase())
  const authority = parseHost(match?.[2] ?? '')
  return defaultPort !== undefined && authority !== null && sameAuthority(authority, host, defaultPort)
}
