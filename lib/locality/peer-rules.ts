import type { Reading } from './reading.ts'
import { isRelayProgram } from './relays.ts'
import { remembered } from './remembered.ts'
import { failed, passed, shared, shown, skipped } from './trace-entry.ts'
import type { Assurance, PeerEvidence, RequestFacts, TraceEntry } from './verdict.ts'

/** What was found out beyond the headers. */
export type Evidence = Pick<RequestFacts, 'localSecret' | 'tainted' | 'peer'>

const STRENGTH: Readonly<Record<Assurance, number>> = {
  none: 0,
  headers: 1,
  'same-user': 2,
  'private-listener': 3,
  'local-secret': 4,
}

const FAILURES: ReadonlyMap<PeerEvidence['status'], TraceEntry['rule']> = new Map([
  ['other-user', 'peer-other-user'],
  ['relay', 'peer-relay'],
  ['outbound', 'peer-outbound'],
])

type PeerResult = { readonly entry: TraceEntry; readonly assurance: Assurance }

const HEADERS_ALONE: PeerResult = {
  entry: shared(skipped('peer-unproven', 'dangerouslyTrustHeaders')),
  assurance: 'headers',
}
const NOBODY_ASKED = refuse('peer-unproven', 'nobody asked the kernel')
const NO_TAINT = shared(passed('proxy-seen', 'no taint'))
const TAINT_UNASKED = shared(skipped('proxy-seen', 'dangerouslyTrustHeaders'))

/** Whether rule 9 turns on what the kernel says; `decideByPeer` looks at nothing else then. */
export function needsKernel({ policy, facts }: Reading, localSecret: boolean): boolean {
  return policy.assurance !== 'headers' && !localSecret && facts.transport !== 'private'
}

/** Rule 9, and how sure it makes us. The proof of the local secret stands in for what the kernel cannot say. */
export function peerIsOurs(reading: Reading, evidence: Evidence): PeerResult {
  const { policy } = reading
  if (policy.assurance === 'headers') return HEADERS_ALONE
  const found = judged(reading, evidence)
  const { assurance, entry } = found
  if (assurance !== 'none' && STRENGTH[assurance] < STRENGTH[policy.assurance])
    return refuse('peer-unproven', `${entry.saw}: ${assurance}, but ${policy.assurance} is asked for`)
  return found
}

/** Rule 10: who was seen to speak for others needs more than the kernel's word. */
export function notTainted({ tainted }: Evidence, assurance: Assurance): TraceEntry {
  if (assurance === 'headers') return TAINT_UNASKED
  if (tainted !== true) return NO_TAINT
  if (STRENGTH[assurance] >= STRENGTH['private-listener'])
    return passed('proxy-seen', `tainted, but ${assurance}`)
  return failed('proxy-seen', 'forwarded requests came this way before')
}

function judged({ policy, facts }: Reading, { localSecret, peer }: Evidence): PeerResult {
  if (localSecret === true) return accept('proof of the local secret', 'local-secret')
  if (facts.transport === 'private') return accept('a listener that Latchkey opened', 'private-listener')
  if (peer === undefined) return NOBODY_ASKED
  const saw = describe(peer)
  const allowed = peer.status === 'same-user' || (peer.status === 'outbound' && policy.outbound === 'allow')
  if (!allowed) return refuse(FAILURES.get(peer.status) ?? 'peer-unproven', saw)
  // Whoever looked it up may know less of relays than this list does.
  if (peer.process !== undefined && namesRelay(peer.process)) return refuse('peer-relay', saw)
  if (peer.sign === 'own-process' && policy.ownProcess === 'proof')
    return refuse('peer-unproven', `${saw}: this very process needs the proof`)
  // A loopback port is open to every user and tunnel of the host, so its mark adds to the kernel's word and
  // never replaces it.
  return accept(saw, facts.listener === 'local' ? 'private-listener' : 'same-user')
}

function accept(saw: string, assurance: Assurance): PeerResult {
  return { entry: passed('peer-unproven', shown(saw)), assurance }
}

function refuse(reason: TraceEntry['rule'], saw: string): PeerResult {
  return { entry: failed(reason, saw), assurance: 'none' }
}

// Several holders are named with commas. Without the memory it only takes longer.
// Stryker disable next-line ObjectLiteral: as above
const namesRelay = remembered((process) => process.split(', ').some(isRelayProgram), {
  entries: 256,
  maxLength: 128,
})

function describe({ status, process, uid, sign }: PeerEvidence): string {
  let text: string = status
  if (process !== undefined) text += `, ${process}`
  if (uid !== undefined) text += `, uid ${uid}`
  if (sign !== undefined) text += `, ${sign}`
  return text
}
