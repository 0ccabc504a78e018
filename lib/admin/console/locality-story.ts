import type { Locality } from './records.ts'

/** What each of the ten rules asks, in their order. */
const QUESTIONS = [
  'Is the address at the other end known?',
  'Did all header fields arrive?',
  'Is this a listener for local clients?',
  'Does the connection come from this machine?',
  'Was it addressed to this machine?',
  'Was it not passed on, or by a trusted proxy?',
  'Is every hop on this machine?',
  'Are the headers free of tampering?',
  'Is the process at the other end one of yours?',
  'Does that process speak for itself alone?',
] as const

/** What the rule that decided means, for somebody who knows no header. */
const SENTENCES: Readonly<Record<string, string>> = {
  local: 'It is on this machine, but what it asks for is not given silently.',
  'peer-unknown': 'Nobody can tell where the connection comes from.',
  'headers-truncated': 'Its request had too many header fields to be seen whole.',
  'public-listener': 'It came in on a listener that is open to everybody.',
  'peer-not-loopback': 'It connected from another machine.',
  'host-missing': 'Its request did not say which host it wants.',
  'host-duplicate': 'Its request named more than one host.',
  'host-malformed': 'Its request named no proper host.',
  'host-not-local': 'It called this machine by a public name, as visitors do.',
  'target-mismatch': 'Its request named two different hosts.',
  'forwarding-untrusted': 'Somebody passed it on, and that somebody is no proxy that you trust.',
  'forwarding-incomplete': 'A proxy passed it on and did not say for whom.',
  'forwarding-malformed': 'What the proxy said about it cannot be read.',
  'forwarding-conflict': 'The proxies contradict each other about it.',
  'forwarding-foreign': 'One more proxy, which nobody named, stands before the trusted one.',
  'hop-untrusted': 'It came through your proxy from somewhere else.',
  'hop-not-loopback': 'It came through your proxy from another machine.',
  'forwarding-tampered': 'Somebody tried to hide or to imitate the trace of a proxy.',
  'peer-unproven': 'The system could not prove which program is at the other end.',
  'peer-other-user': 'The program at the other end belongs to another user.',
  'peer-relay': 'The program at the other end passes on connections of others.',
  'peer-outbound': 'The program at the other end is connected to another machine, as a tunnel would be.',
  'proxy-seen': 'The program at the other end was seen to speak for others.',
}

export type Step = {
  readonly question: string
  readonly outcome: 'pass' | 'fail' | 'skip'
  readonly saw: string
}

/** Why a device has to wait: a sentence, what to change if it should not have to, and the rules in their order. */
export function localityStory(locality: Locality): {
  readonly sentence: string
  readonly advice: string | undefined
  readonly steps: readonly Step[]
} {
  const { reason, advice, trace = [] } = locality
  return {
    sentence: Object.hasOwn(SENTENCES, reason) ? (SENTENCES[reason] ?? reason) : reason,
    advice,
    steps: trace.map(({ outcome, saw, rule }, index) => ({
      question: QUESTIONS[index] ?? rule,
      outcome,
      saw,
    })),
  }
}
