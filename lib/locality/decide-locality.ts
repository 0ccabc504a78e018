import { adviceFor } from './advice.ts'
import { originStanding, type OriginStanding } from './origin.ts'
import { notTainted, peerIsOurs } from './peer-rules.ts'
import type { LocalityPolicy } from './policy.ts'
import {
  chainIsLocal,
  forwardingTrusted,
  headersWhole,
  hostIsLocal,
  listenerNotPublic,
  notTampered,
  peerIsLoopback,
  peerKnown,
  readRequest,
  type Reading,
  type RuleResult,
} from './rules.ts'
import type { Assurance, LocalityReason, LocalityVerdict, RequestFacts, TraceEntry } from './verdict.ts'

type Rule = { readonly code: LocalityReason; readonly ask: (reading: Reading) => RuleResult }

/** Rules 1 to 8: what the connection and the headers say. In this order; the first that fails decides. */
const HEADER_RULES: readonly Rule[] = [
  { code: 'peer-unknown', ask: peerKnown },
  { code: 'headers-truncated', ask: headersWhole },
  { code: 'public-listener', ask: listenerNotPublic },
  { code: 'peer-not-loopback', ask: peerIsLoopback },
  { code: 'host-not-local', ask: hostIsLocal },
  { code: 'forwarding-untrusted', ask: forwardingTrusted },
  { code: 'hop-untrusted', ask: chainIsLocal },
  { code: 'forwarding-tampered', ask: notTampered },
]

/**
 * Decides where a client is. Pure: the same facts give the same verdict, and nothing is read or remembered.
 *
 * Does *not* protect against a process of the same user that means harm, nor against facts that the caller
 * made up. Headers only ever take locality away.
 */
export function decideLocality(policy: LocalityPolicy, facts: RequestFacts): LocalityVerdict {
  const reading = readRequest(policy, facts)
  const trace: TraceEntry[] = []
  let failed: RuleResult | null = null
  for (const rule of HEADER_RULES) failed = step(trace, failed, rule, reading)

  let assurance: Assurance = 'none'
  const peerRule: Rule = {
    code: 'peer-unproven',
    ask: () => {
      const peer = peerIsOurs(reading)
      assurance = peer.assurance
      return peer
    },
  }
  failed = step(trace, failed, peerRule, reading)
  failed = step(trace, failed, { code: 'proxy-seen', ask: () => notTainted(reading, assurance) }, reading)
  return verdict(reading, trace, failed, assurance)
}

/** Asks one rule unless an earlier one has decided, and notes it; gives the failure that decides so far. */
function step(
  trace: TraceEntry[],
  failed: RuleResult | null,
  rule: Rule,
  reading: Reading,
): RuleResult | null {
  if (failed !== null) {
    trace.push({ rule: rule.code, outcome: 'skip', saw: 'not asked: an earlier rule decided' })
    return failed
  }
  const result = rule.ask(reading)
  const { outcome } = result
  if (outcome === 'pass' || outcome === 'skip') {
    trace.push({ rule: rule.code, outcome, saw: shown(result.saw) })
    return null
  }
  trace.push({ rule: outcome, outcome: 'fail', saw: shown(result.saw) })
  return result
}

/** Whose page a request acts for, if any: what decides on a 403 before a WebSocket's 101. */
export function originOf(policy: LocalityPolicy, facts: RequestFacts): OriginStanding {
  return standing(readRequest(policy, facts))
}

function standing({ fields, localHost, policy }: Reading): OriginStanding {
  return originStanding(fields.origins, fields.fetchSites, localHost, policy.allowedOrigins)
}

function verdict(
  reading: Reading,
  trace: readonly TraceEntry[],
  failed: RuleResult | null,
  assurance: Assurance,
): LocalityVerdict {
  const { clientAddress } = reading
  if (failed !== null) {
    const reason = failed.outcome as LocalityReason
    const { fields, peer, facts } = reading
    const advice = adviceFor(reason, { process: facts.peer?.process, peer, forwarding: fields.forwarding })
    return {
      isLocal: false,
      kind: 'remote',
      assurance: 'none',
      clientAddress,
      reason,
      trace,
      silent: false,
      ...advice,
    }
  }
  const kind = reading.fields.forwarding.length === 0 ? 'direct' : 'proxied'
  const origin = standing(reading)
  const silent = kind === 'direct' && (origin === 'none' || origin === 'same-origin')
  return { isLocal: true, kind, assurance, clientAddress, reason: 'local', trace, silent }
}

/** Printable ASCII, at most 120 characters: what a client sent must not reach a terminal as it is. */
function shown(text: string): string {
  const cut = text.length > 120 ? `${text.slice(0, 119)}…` : text
  return /[^\x20-\x7e…]/.test(cut) ? cut.replaceAll(/[^\x20-\x7e…]/g, '?') : cut
}
