import { canonicalAddress, isLoopbackAddress } from './address.ts'
import type { ForwardingField, HeaderFields } from './header-fields.ts'
import { parseHost } from './host.ts'
import type { LocalityPolicy } from './policy.ts'
import { valuesOf, type Reading } from './reading.ts'
import { failed, passed, shared, skipped } from './trace-entry.ts'
import type { TraceEntry } from './verdict.ts'

const NO_HEADER = shared(skipped('hop-untrusted', 'no forwarding header'))
const COMPANIONS: readonly string[] = [
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-forwarded-server',
  'x-forwarded-host',
  'x-real-ip',
]

/** Rule 7. Only asked when the peer is trusted, or there is no forwarding header. */
export function chainIsLocal({ policy, fields, chain, chainMalformed }: Reading): TraceEntry {
  if (fields.forwarding.length === 0) return NO_HEADER
  if (chainMalformed) return failed('forwarding-malformed', valuesOf(fields, policy.forwardedBy).join(', '))
  if (chain === null) return failed('forwarding-incomplete', `no ${policy.forwardedBy}`)
  for (const field of fields.forwarding) {
    if (field.name === policy.forwardedBy) continue
    const problem = companionProblem(policy, field, chain)
    if (problem !== null) return failed(problem, `${field.name}: ${field.value}`)
  }
  const saw = chain.join(', ')
  if (repeats(fields)) return failed('forwarding-conflict', 'the same forwarding header twice')
  if (!chain.every(policy.trusts)) return failed('hop-untrusted', saw)
  if (!chain.every(isLoopbackAddress)) return failed('hop-not-loopback', saw)
  return passed('hop-untrusted', shownChain(saw))
}

/** Canonical addresses are printable; a chain of them may be too long. */
function shownChain(saw: string): string {
  return saw.length > 120 ? `${saw.slice(0, 119)}…` : saw
}

/** What may stand beside the chain; everything else means another proxy that we know nothing of. */
function companionProblem(
  policy: LocalityPolicy,
  field: ForwardingField,
  chain: readonly string[],
): TraceEntry['rule'] | null {
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
      const named = policy.hosts.some((own) => own.name === host.name)
      return named || host.isLoopback ? null : 'forwarding-conflict'
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
  return COMPANIONS.some((name) => names.indexOf(name) !== names.lastIndexOf(name))
}
