import { describe, expect, test } from '@jest/globals'
import { adviceFor, recipesIn } from '../../lib/locality/advice.ts'
import { decideLocality, localityPolicy, type TraceEntry } from '../../lib/locality/index.ts'
import { namedProxy, type ProxyEvidence } from '../../lib/locality/named-proxy.ts'
import { PROXY_RECIPES, type ProxyName } from '../../lib/locality/proxy-recipes.ts'
import { factsOfRecord, proxyRecords } from '../corpus/corpus.ts'
import { facts } from './facts.ts'

const NOBODY: ProxyEvidence = { peer: '127.0.0.1', forwarding: [] }
const NAMES = Object.keys(PROXY_RECIPES) as ProxyName[]
const PROCESS: Readonly<Record<ProxyName, string>> = {
  nginx: 'nginx',
  caddy: 'caddy',
  haproxy: 'haproxy',
  apache: 'apache2',
  tailscale: 'tailscaled',
  cloudflared: 'cloudflared',
  docker: 'docker-proxy',
  ssh: 'sshd',
}

/** Every failing reason, and whether its advice speaks of a proxy: when one is known by name, or always. */
const REASONS: readonly (readonly [TraceEntry['rule'], 'never' | 'named' | 'always'])[] = [
  ['peer-unknown', 'named'],
  ['headers-truncated', 'never'],
  ['public-listener', 'never'],
  ['peer-not-loopback', 'named'],
  ['host-missing', 'never'],
  ['host-duplicate', 'never'],
  ['host-malformed', 'never'],
  ['host-not-local', 'always'],
  ['target-mismatch', 'never'],
  ['forwarding-untrusted', 'always'],
  ['forwarding-incomplete', 'always'],
  ['forwarding-malformed', 'always'],
  ['forwarding-conflict', 'always'],
  ['forwarding-foreign', 'always'],
  ['hop-untrusted', 'never'],
  ['hop-not-loopback', 'never'],
  ['forwarding-tampered', 'never'],
  ['peer-unproven', 'never'],
  ['peer-other-user', 'named'],
  ['peer-relay', 'always'],
  ['peer-outbound', 'never'],
  ['proxy-seen', 'always'],
]

function advice(reason: TraceEntry['rule'], evidence: ProxyEvidence = NOBODY): string {
  return adviceFor(reason, evidence)
}

describe('which proxy the evidence names', () => {
  const from = (name: string, value = 'x'): ProxyEvidence => ({ ...NOBODY, forwarding: [{ name, value }] })
  test.each<[string, ProxyEvidence, ProxyName | null]>([
    ['nothing', NOBODY, null],
    ['no address', { peer: null, forwarding: [] }, null],
    ...NAMES.map(
      (name) => [PROCESS[name], { ...NOBODY, process: PROCESS[name] }, name] as [string, ProxyEvidence, ProxyName],
    ),
    ['httpd', { ...NOBODY, process: 'httpd' }, 'apache'],
    ['a downloaded Caddy', { ...NOBODY, process: 'caddy_linux_amd64' }, 'caddy'],
    ['a session of sshd', { ...NOBODY, process: 'sshd-session' }, 'ssh'],
    ['the client of ssh', { ...NOBODY, process: 'ssh' }, 'ssh'],
    ['a name that only begins so', { ...NOBODY, process: 'nginxify' }, null],
    ['a name with it in the middle', { ...NOBODY, process: 'nginxy-proxy' }, null],
    ['rootless Docker', { ...NOBODY, process: 'rootlessport' }, 'docker'],
    ['the daemon of Docker', { ...NOBODY, process: 'docker-proxy' }, 'docker'],
    ['a tool', { ...NOBODY, process: 'curl' }, null],
    ['Caddy by Via', from('via', '1.1 Caddy'), 'caddy'],
    ['another Via', from('via', '1.1 edge'), null],
    ['Caddy in another field', from('x-forwarded-host', 'caddy'), null],
    ['Tailscale', from('tailscale-user-login'), 'tailscale'],
    ['Cloudflare', from('cf-connecting-ip'), 'cloudflared'],
    ['Cloudflare by CDN-Loop', from('cdn-loop', 'cloudflare; loops=1'), 'cloudflared'],
    ['another CDN', from('cdn-loop', 'fastly'), null],
    ['another CDN before Cloudflare', from('cdn-loop', 'not-cloudflare'), null],
    ['Cloudflare in another field', from('x-forwarded-host', 'cloudflare'), null],
    ['Traefik', { ...NOBODY, forwarding: ['host', 'server', 'port'].map((name) => ({ name: `x-forwarded-${name}`, value: 'a' })) }, null], // prettier-ignore
    [
      'Apache',
      { ...NOBODY, forwarding: [{ name: 'x-forwarded-host', value: 'a' }, { name: 'x-forwarded-server', value: 'a' }] },
      'apache',
    ],
    ['a plain X-Forwarded-For', from('x-forwarded-for', '203.0.113.9'), null],
    ["Docker's bridge", { peer: '172.17.0.1', forwarding: [] }, 'docker'],
    ...Array.from({ length: 20 }, (_, index): [string, ProxyEvidence, ProxyName | null] => [
      `172.${15 + index}.0.1`,
      { peer: `172.${15 + index}.0.1`, forwarding: [] },
      index >= 2 && index <= 16 ? 'docker' : null,
    ]),
    ['an address that ends so', { peer: '1172.17.0.1', forwarding: [] }, null],
    ['an address that begins so', { peer: '172.17.0.11', forwarding: [] }, null],
    ['another private address', { peer: '172.17.0.2', forwarding: [] }, null],
    ['the process before the headers', { ...from('cf-ray'), process: 'nginx' }, 'nginx'],
  ])('%s', (_title, evidence, proxy) => {
    expect(namedProxy(evidence)).toBe(proxy)
  }) // prettier-ignore

  test('real specimens: no record of one proxy is taken for another', () => {
    for (const record of proxyRecords) {
      const { comm } = record.peerOwner
      const facts = { ...factsOfRecord(record), peer: { status: 'unproven' as const } }
      const verdict = decideLocality(localityPolicy(), facts)
      const named = recipesIn(verdict.advice ?? '').map((recipe) => recipe.title.toLowerCase())
      if (named.length === 1) expect([comm, named]).toEqual([comm, [comm.replace(/\d$/, '').replace('sshd', 'ssh')]])
    }
  }) // prettier-ignore
})

describe.each(REASONS)('%s', (reason, aboutProxies) => {
  test.each([null, ...NAMES])('with %s: one plain line for a log, which forbids the wrong ways out', (name) => {
    const text = advice(reason, name === null ? NOBODY : { ...NOBODY, process: PROCESS[name] })
    expect(text).toMatch(/^[\x20-\x7e]{21,599}$/)
    // Whole sentences, the first of which is about the rule.
    expect(text).toMatch(/^[A-Z][a-z' ].*\.$/)
    expect(text).not.toMatch(/ {2}|[.:][A-Z]|^Let the proxy|^Do not|^Latchkey/)
    if (name !== null) expect(text.startsWith(PROXY_RECIPES[name].advice)).toBe(false)
    const speaks = aboutProxies === 'always' || (aboutProxies === 'named' && name !== null)
    const others = NAMES.filter((other) => other !== name)
    if (speaks) {
      expect(text).toContain('Do not strip forwarding headers and do not rewrite Host to localhost')
      expect(text).toContain(name === null ? "'latchkey explain'" : PROXY_RECIPES[name].advice)
    }
    for (const other of others) expect(text).not.toContain(PROXY_RECIPES[other].advice)
    expect(recipesIn(text).length).toBe(!speaks ? 0 : name === null ? 7 : 1)
  })
}) // prettier-ignore

test('there is nothing to do for a local client', () => {
  expect(decideLocality(localityPolicy(), facts())).not.toHaveProperty('advice')
})

test.each(NAMES)('the recipe of %s strips nothing and rewrites no Host', (name) => {
  const text = [PROXY_RECIPES[name].advice, ...PROXY_RECIPES[name].lines].join('\n')
  expect(text).not.toMatch(/Host (?:localhost|127\.)|del-header|RequestHeader unset|header_up -|For ""/i)
})

test('a verdict carries the advice for the proxy that the kernel named', () => {
  const verdict = decideLocality(localityPolicy(), {
    transport: 'tcp',
    remoteAddress: '127.0.0.1',
    httpVersion: '1.1',
    url: '/',
    rawHeaders: ['Host', '127.0.0.1:4747'],
    peer: { status: 'relay', process: 'haproxy' },
  })
  expect(verdict).toMatchObject({ reason: 'peer-relay', advice: expect.stringContaining('option forwardfor') })
}) // prettier-ignore
