import { namedProxy, type ProxyEvidence } from './named-proxy.ts'
import { PROXY_RECIPES, type ProxyName, type ProxyRecipe } from './proxy-recipes.ts'
import type { TraceEntry } from './verdict.ts'

// Stryker disable StringLiteral: prose; test/locality/advice.test.ts holds its form

/** People silence a detector by breaking it, so every text about a proxy also says what not to do. */
const NEVER =
  'Do not strip forwarding headers and do not rewrite Host to localhost: both make the whole internet look local.'

/** Where no proxy is known by name. */
const ANY_PROXY =
  "Let the proxy pass Host on and write the client's address into X-Forwarded-For: 'latchkey explain' has the lines for each proxy."

const PROVE =
  "Latchkey's own client proves itself with the gateway's secret file; other local tools can use a private listener."

type Rule = TraceEntry['rule']
type Advice = string | { readonly cause: string; readonly after?: string }

/** A text stands for itself; with a `cause`, what the proxy has to do follows, and what nobody may do. */
const ADVICE: Readonly<Record<Rule, Advice>> = {
  'peer-unknown': {
    cause:
      'The connection has no peer address: it came through a Unix socket that any proxy may use, or it was reset. Local tools should connect to the loopback port, or to a socket that Latchkey opened; a proxy to the TCP port.',
  },
  'headers-truncated':
    'The request has more header fields than the parser keeps, so some may be missing. Send fewer; on the server, use Node 22.23.2, 24.18.1, 26.5.1 or newer and do not lower server.maxHeadersCount.',
  'public-listener':
    'This listener is marked public, so nobody is local on it. Local tools should use the loopback listener.',
  'peer-not-loopback': {
    cause:
      'The client connected from another address than loopback. A tool on this machine should connect to 127.0.0.1 or [::1], or set ownAddresses: true. A client elsewhere needs the approval of the owner.',
  },
  'host-missing': 'The request has no Host. Use a client that sends one.',
  'host-duplicate': 'The request has more than one Host. Use a client that sends exactly one.',
  'host-malformed': 'The Host is not a plain name or address with an optional port.',
  'host-not-local': {
    cause:
      'The Host is not a name of this machine. A local tool should call http://localhost, http://127.0.0.1 or http://[::1]; a further name of this machine goes into the option hosts. A client of a proxy needs the approval of the owner.',
  },
  'target-mismatch':
    'The request target names another host than Host does. Use a client that sends one of them.',
  'forwarding-untrusted': {
    cause:
      "A proxy that is not in trustProxy passed this request on. If it is yours, name it: trustProxy: ['loopback'].",
  },
  'forwarding-incomplete': { cause: 'The proxy did not say for whom it speaks.' },
  'forwarding-malformed': {
    cause: 'What the proxies say about the client cannot be read. Each must write plain IP addresses.',
  },
  'forwarding-conflict': {
    cause: 'Forwarding headers contradict each other: some proxy passes on what the client sent.',
  },
  'forwarding-foreign': {
    cause:
      'There is a forwarding header that the trusted proxy does not write, so another proxy stands before it. Name the header that counts in forwardedBy, and let the outermost proxy replace the others.',
  },
  'hop-untrusted':
    'The client, or a proxy on the way, is not one of the trusted proxies. A client elsewhere needs the approval of the owner.',
  'hop-not-loopback': 'The client is not on this machine. It needs the approval of the owner.',
  'forwarding-tampered': `Somebody tried to hide or to imitate a forwarding header. Refuse such requests at the proxy (nginx: underscores_in_headers off, its default). ${NEVER}`,
  'peer-unproven': `The operating system could not prove which process is at the other end (another container or namespace, no /proc, or the client has gone). ${PROVE}`,
  'peer-other-user': {
    cause: `The process at the other end belongs to another user. If its user is to count as this one, name its id in peerUsers, but never that of a proxy. ${PROVE}`,
  },
  'peer-relay': {
    cause:
      "The process at the other end passes on other people's connections (a proxy, a tunnel), or looks like it. Its clients need the approval of the owner.",
    after: PROVE,
  },
  'peer-outbound': `The process at the other end is connected to another machine, as a tunnel would be. ${PROVE} If no tunnel runs on this machine, outbound: 'allow' lifts this.`,
  'proxy-seen': {
    cause:
      'Forwarded requests came from that process, or through the public address of this gateway, so it speaks for others.',
    after: PROVE,
  },
}

// Stryker restore StringLiteral

/** These are about a proxy even when none is known by name; the others only when one is. */
const ALWAYS_ABOUT_A_PROXY: ReadonlySet<Rule> = new Set<Rule>([
  'host-not-local',
  'forwarding-untrusted',
  'forwarding-incomplete',
  'forwarding-malformed',
  'forwarding-conflict',
  'forwarding-foreign',
  'peer-relay',
  'proxy-seen',
])

type Texts = { readonly [proxy in ProxyName | 'none']: string }

/** Written once: whoever is refused a thousand times a second must not cost more than who is let in. */
const TEXTS = new Map<Rule, string | Texts>()
for (const [rule, advice] of Object.entries(ADVICE) as [Rule, Advice][])
  TEXTS.set(rule, typeof advice === 'string' ? advice : textsOf(rule, advice))

/** Plain text on one line, under 600 characters, with the change for the proxy that the evidence names. */
export function adviceFor(rule: Rule, evidence: ProxyEvidence): string {
  const texts = TEXTS.get(rule) ?? ''
  return typeof texts === 'string' ? texts : texts[namedProxy(evidence) ?? 'none']
}

/** The recipes that an advice speaks of: that of the proxy it names, or those of all with lines to write. */
export function recipesIn(advice: string): readonly ProxyRecipe[] {
  const all = Object.values(PROXY_RECIPES)
  if (advice.includes(ANY_PROXY)) return all.filter((recipe) => recipe.lines.length > 0)
  return all.filter((recipe) => advice.includes(recipe.advice))
}

function textsOf(rule: Rule, { cause, after = '' }: Exclude<Advice, string>): Texts {
  const joined = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join(' ')
  const none = ALWAYS_ABOUT_A_PROXY.has(rule) ? joined(cause, ANY_PROXY, after, NEVER) : joined(cause, after)
  const named = Object.entries(PROXY_RECIPES).map(([proxy, recipe]) => [
    proxy,
    joined(cause, recipe.advice, after, NEVER),
  ])
  return { ...(Object.fromEntries(named) as Record<ProxyName, string>), none }
}
