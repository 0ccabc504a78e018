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
import type { Assurance, LocalityReason, LocalityVerdict, RequestFacts, TraceEntry } from './verdict.ts'

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

const RULES: readonly LocalityReason[] = [
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
  return decideReading(readRequest(policy, facts), facts)
}

/** The same for a request that has been read, with what was found out meanwhile. */
export function decideReading(reading: Reading, evidence: Evidence): LocalityVerdict {
  const trace: TraceEntry[] = []
  for (const rule of HEADER_RULES) {
    const entry = rule(reading)
    trace.push(entry)
    if (entry.outcome === 'fail') return refused(reading, evidence, trace, entry)
  }
  const { entry, assurance } = peerIsOurs(reading, evidence)
  trace.push(entry)
  if (entry.outcome === 'fail') return refused(reading, evidence, trace, entry)
  const last = notTainted(evidence, assurance)
  trace.push(last)
  return last.outcome === 'fail' ? refused(reading, evidence, trace, last) : local(reading, trace, assurance)
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
  evidence: Evidence,
  trace: TraceEntry[],
  { rule }: TraceEntry,
): LocalityVerdict {
  for (let i = trace.length; i < NOT_ASKED.length; i += 1) trace.push(NOT_ASKED[i] as TraceEntry)
  const advice = adviceFor(rule, { process: evidence.peer?.process, peer, forwarding: fields.forwarding })
  return {
    isLocal: false,
    kind: 'remote',
    assurance: 'none',
    clientAddress,
    reason: rule,
    trace,
    silent: false,
    ...advice,
  }
}
