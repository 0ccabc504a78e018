import { adviceFor } from './advice.ts'
import { chainIsLocal } from './chain-rule.ts'
import { notTainted, peerIsOurs, type Evidence } from './peer-rules.ts'
import type { LocalityPolicy } from './policy.ts'
import { originOfReading, readRequest, type Reading } from './reading.ts'
import {
  forwardingTrusted,
  headersWhole,
  hostIsLocal,
  listenerNotPublic,
  notTampered,
  peerIsLoopback,
  peerKnown,
} from './rules.ts'
import { shared, skipped } from './trace-entry.ts'
import type { Assurance, LocalityVerdict, PeerEvidence, RequestFacts, TraceEntry } from './verdict.ts'

/** Rules 1 to 8: what the connection and the headers say. In this order; the first that fails decides. */
const HEADER_RULES: readonly ((reading: Reading) => TraceEntry)[] = [
  peerKnown,
  headersWhole,
  listenerNotPublic,
  peerIsLoopback,
  hostIsLocal,
  forwardingTrusted,
  chainIsLocal,
  notTampered,
]

const RULES: readonly TraceEntry['rule'][] = [
  'peer-unknown',
  'headers-truncated',
  'public-listener',
  'peer-not-loopback',
  'host-not-local',
  'forwarding-untrusted',
  'hop-untrusted',
  'forwarding-tampered',
  'peer-unproven',
  'proxy-seen',
]
const NOT_ASKED = RULES.map((rule) => shared(skipped(rule, 'not asked: an earlier rule decided')))

/**
 * Decides where a client is. Pure: the same facts give the same verdict, and nothing is read.
 *
 * Does *not* protect against a process of the same user that means harm, nor against facts that the caller
 * made up. Headers only ever take locality away.
 */
export function decideLocality(policy: LocalityPolicy, facts: RequestFacts): LocalityVerdict {
  const reading = readRequest(policy, facts)
  const { trace, refusal } = decideByHeaders(reading, facts)
  return refusal ?? decideByPeer(reading, trace, facts)
}

/** Rules 1 to 8 of a request: what they saw, and the verdict when one of them fails. */
export function decideByHeaders(
  reading: Reading,
  { peer }: Evidence,
): { readonly trace: TraceEntry[]; readonly refusal: LocalityVerdict | null } {
  const trace: TraceEntry[] = []
  for (const rule of HEADER_RULES) {
    const entry = rule(reading)
    trace.push(entry)
    if (entry.outcome === 'fail') return { trace, refusal: refused(reading, peer, trace, entry) }
  }
  return { trace, refusal: null }
}

/** Rules 9 and 10, for a request that has passed the others; the trace of those goes on. */
export function decideByPeer(reading: Reading, trace: TraceEntry[], evidence: Evidence): LocalityVerdict {
  const { entry, assurance } = peerIsOurs(reading, evidence)
  trace.push(entry)
  if (entry.outcome === 'fail') return refused(reading, evidence.peer, trace, entry)
  const last = notTainted(evidence, assurance)
  trace.push(last)
  if (last.outcome === 'fail') return refused(reading, evidence.peer, trace, last)
  return local(reading, trace, assurance)
}

function local(reading: Reading, trace: readonly TraceEntry[], assurance: Assurance): LocalityVerdict {
  const { clientAddress } = reading
  const kind = reading.fields.forwarding.length === 0 ? 'direct' : 'proxied'
  const origin = originOfReading(reading)
  const silent = kind === 'direct' && (origin === 'none' || origin === 'same-origin')
  return { isLocal: true, kind, assurance, clientAddress, reason: 'local', trace, silent }
}

function refused(
  { fields, peer, clientAddress }: Reading,
  peerProcess: PeerEvidence | undefined,
  trace: TraceEntry[],
  { rule }: TraceEntry,
): LocalityVerdict {
  for (let i = trace.length; i < NOT_ASKED.length; i += 1) trace.push(NOT_ASKED[i] as TraceEntry)
  return {
    isLocal: false,
    kind: 'remote',
    assurance: 'none',
    clientAddress,
    reason: rule,
    trace,
    silent: false,
    advice: adviceFor(rule, { process: peerProcess?.process, peer, forwarding: fields.forwarding }),
  }
}
