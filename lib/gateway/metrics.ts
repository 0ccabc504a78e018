import type { LocalityVerdict, PeerEvidence } from '../locality/index.ts'
import type { AuthFailure } from './auth-failures.ts'

/** Upper bounds of the look-up time's histogram, in seconds. */
const BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] as const

/** Numbers that the gateway keeps about itself, as Prometheus reads them (text format 0.0.4). */
export class GatewayMetrics {
  readonly #verdicts = new Map<string, number>()
  readonly #lookups = new Map<string, number>()
  readonly #buckets = BUCKETS.map(() => 0)
  readonly #authFailures = new Map<AuthFailure, number>()
  #rateLimited = 0
  #lookupSeconds = 0
  #lookupCount = 0

  /** By reason: a fixed set of codes, so that no client can make the numbers grow. */
  countVerdict(verdict: LocalityVerdict): void {
    add(this.#verdicts, verdict.reason)
  }

  /** By what was wrong: a fixed set as well. */
  countAuthFailure(reason: AuthFailure): void {
    add(this.#authFailures, reason)
  }

  countRateLimited(): void {
    this.#rateLimited += 1
  }

  countLookup(peer: PeerEvidence, seconds: number): void {
    add(this.#lookups, peer.status)
    this.#lookupSeconds += seconds
    this.#lookupCount += 1
    BUCKETS.forEach((bound, index) => {
      if (seconds <= bound) this.#buckets[index] = (this.#buckets[index] ?? 0) + 1
    })
  }

  /** `gauges`: name → what it says, and its value now. */
  render(gauges: Readonly<Record<string, { readonly help: string; readonly value: number }>>): string {
    const lines = [
      ...family('latchkey_verdicts_total', 'counter', 'Locality verdicts, by the rule that decided.'),
      ...[...this.#verdicts].map(([reason, count]) => `latchkey_verdicts_total{reason="${reason}"} ${count}`),
      ...family('latchkey_peer_lookups_total', 'counter', 'What the kernel said of peers.'),
      ...[...this.#lookups].map(
        ([status, count]) => `latchkey_peer_lookups_total{status="${status}"} ${count}`,
      ),
      ...family('latchkey_peer_lookup_seconds', 'histogram', 'How long the kernel took, waiting included.'),
      ...BUCKETS.map(
        (bound, index) => `latchkey_peer_lookup_seconds_bucket{le="${bound}"} ${this.#buckets[index] ?? 0}`,
      ),
      `latchkey_peer_lookup_seconds_bucket{le="+Inf"} ${this.#lookupCount}`,
      `latchkey_peer_lookup_seconds_sum ${this.#lookupSeconds}`,
      `latchkey_peer_lookup_seconds_count ${this.#lookupCount}`,
      ...family('latchkey_auth_failures_total', 'counter', 'Failed authentication, by what was wrong.'),
      ...[...this.#authFailures].map(
        ([reason, count]) => `latchkey_auth_failures_total{reason="${reason}"} ${count}`,
      ),
      ...family('latchkey_rate_limited_total', 'counter', 'Clients refused unread after too many failures.'),
      `latchkey_rate_limited_total ${this.#rateLimited}`,
      ...Object.entries(gauges).flatMap(([name, { help, value }]) => [
        ...family(name, 'gauge', help),
        `${name} ${value}`,
      ]),
    ]
    return `${lines.join('\n')}\n`
  }
}

function family(name: string, type: string, help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`]
}

function add<Key extends string>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
