import type { ProxyName } from './proxy-recipes.ts'
import { remembered } from './remembered.ts'

/** What may tell which proxy a request came through. */
export type ProxyEvidence = {
  /** Of the process at the other end, as the kernel has it. */
  readonly process?: string | undefined
  readonly peer: string | null
  /** Forwarding fields, names in lower case. */
  readonly forwarding: readonly { readonly name: string; readonly value: string }[]
}

const PROGRAMS: readonly (readonly [program: string, proxy: ProxyName])[] = [
  ['nginx', 'nginx'],
  ['caddy', 'caddy'],
  ['haproxy', 'haproxy'],
  ['apache2', 'apache'],
  ['httpd', 'apache'],
  ['tailscaled', 'tailscale'],
  ['cloudflared', 'cloudflared'],
  ['docker-proxy', 'docker'],
  ['rootlessport', 'docker'],
  ['sshd', 'ssh'],
  ['ssh', 'ssh'],
]

/**
 * The proxy that the evidence names; `null` when it names none. Good for choosing a text and for nothing
 * else: headers can be made up.
 */
export function namedProxy(evidence: ProxyEvidence): ProxyName | null {
  const { process, forwarding, peer } = evidence
  return (process === undefined ? null : byProgram(process)) ?? byHeaders(forwarding) ?? byAddress(peer)
}

/** `caddy_linux_amd64` and `sshd-session` too. */
// Stryker disable next-line ObjectLiteral: without a memory it only takes longer
const byProgram = remembered(proxyOfProgram, { entries: 256, maxLength: 128 })

function proxyOfProgram(process: string): ProxyName | null {
  const folded = process.toLowerCase()
  const found = PROGRAMS.find(
    ([program]) =>
      folded === program || (folded.startsWith(program) && /^[-_.: ]/.test(folded.slice(program.length))),
  )
  return found?.[1] ?? null
}

function byHeaders(forwarding: ProxyEvidence['forwarding']): ProxyName | null {
  const has = (name: string): boolean => forwarding.some((field) => field.name === name)
  if (forwarding.some(({ name }) => name.startsWith('tailscale-'))) return 'tailscale'
  if (forwarding.some(({ name }) => name.startsWith('cf-'))) return 'cloudflared'
  if (forwarding.some(({ name, value }) => name === 'cdn-loop' && /^cloudflare\b/i.test(value)))
    return 'cloudflared'
  if (forwarding.some(({ name, value }) => name === 'via' && /\bcaddy\b/i.test(value))) return 'caddy'
  // Traefik writes X-Forwarded-Server too, but always with X-Forwarded-Port beside it.
  if (has('x-forwarded-server') && has('x-forwarded-host') && !has('x-forwarded-port')) return 'apache'
  return null
}

/** The gateways of Docker's default networks: 172.17.0.1 to 172.31.0.1. */
function byAddress(peer: string | null): ProxyName | null {
  return peer !== null && /^172\.(?:1[7-9]|2\d|3[01])\.0\.1$/.test(peer) ? 'docker' : null
}
