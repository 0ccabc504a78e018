import { isRelayProgram } from './relays.ts'
import type { Reading, RuleResult } from './rules.ts'
import type { Assurance, LocalityReason, PeerEvidence } from './verdict.ts'

const STRENGTH: Readonly<Record<Assurance, number>> = {
  none: 0,
  headers: 1,
  'same-user': 2,
  'private-listener': 3,
  'local-secret': 4,
}

const FAILURES: ReadonlyMap<PeerEvidence['status'], LocalityReason> = new Map([
  ['other-user', 'peer-other-user'],
  ['relay', 'peer-relay'],
  ['outbound', 'peer-outbound'],
])

/** Rule 9, and how sure it makes us. The proof of the local secret stands in for what the kernel cannot say. */
export function peerIsOurs(reading: Reading): RuleResult & { readonly assurance: Assurance } {
  const { policy } = reading
  if (policy.assurance === 'headers') {
    return { outcome: 'skip', saw: 'dangerouslyTrustHeaders', assurance: 'headers' }
  }
  const found = evidence(reading)
  if (found.outcome === 'pass' && STRENGTH[found.assurance] < STRENGTH[policy.assurance]) {
    const saw = `${found.saw}: ${found.assurance}, but ${policy.assurance} is asked for`
    return { outcome: 'peer-unproven', saw, assurance: 'none' }
  }
  return found
}

/** Rule 10: who was seen to speak for others needs more than the kernel's word. */
export function notTainted({ facts }: Reading, assurance: Assurance): RuleResult {
  if (assurance === 'headers') return { outcome: 'skip', saw: 'dangerouslyTrustHeaders' }
  if (facts.tainted !== true) return { outcome: 'pass', saw: 'no taint' }
  if (STRENGTH[assurance] >= STRENGTH['private-listener'])
    return { outcome: 'pass', saw: `tainted, but ${assurance}` }
  return { outcome: 'proxy-seen', saw: 'forwarded requests came this way before' }
}

function evidence({ policy, facts }: Reading): RuleResult & { readonly assurance: Assurance } {
  if (facts.localSecret === true) {
    return { outcome: 'pass', saw: 'proof of the local secret', assurance: 'local-secret' }
  }
  if (facts.transport === 'private') {
    return { outcome: 'pass', saw: 'a listener that Latchkey opened', assurance: 'private-listener' }
  }
  const peer = facts.peer
  if (peer === undefined)
    return { outcome: 'peer-unproven', saw: 'nobody asked the kernel', assurance: 'none' }
  const saw = describe(peer)
  const allowed = peer.status === 'same-user' || (peer.status === 'outbound' && policy.outbound === 'allow')
  if (!allowed) return { outcome: FAILURES.get(peer.status) ?? 'peer-unproven', saw, assurance: 'none' }
  // Whoever looked it up may know less of relays than this list does. Several holders are named with commas.
  if (peer.process?.split(', ').some(isRelayProgram) === true) {
    return { outcome: 'peer-relay', saw, assurance: 'none' }
  }
  if (peer.sign === 'own-process' && policy.ownProcess === 'proof') {
    return { outcome: 'peer-unproven', saw: `${saw}: this very process needs the proof`, assurance: 'none' }
  }
  // A loopback port is open to every user and tunnel of the host, so its mark adds to the kernel's word and
  // never replaces it.
  return { outcome: 'pass', saw, assurance: facts.listener === 'local' ? 'private-listener' : 'same-user' }
}

function describe(peer: PeerEvidence): string {
  const who = [peer.process, peer.uid === undefined ? undefined : `uid ${peer.uid}`].filter(
    (part) => part !== undefined,
  )
  return [peer.status, ...who, peer.sign].filter((part) => part !== undefined).join(', ')
}
