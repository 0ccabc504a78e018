import { expect, test } from '@jest/globals'
import {
  decideLocality,
  localityPolicy,
  type LocalityOptions,
  type RequestFacts,
} from '../../lib/locality/index.ts'
import { facts, OURS, withHeaders } from './facts.ts'

const LOCAL = ['Host', 'localhost:3000']
const TRUST: LocalityOptions = { trustProxy: ['loopback'] }
const BLIND: LocalityOptions = { dangerouslyTrustHeaders: true }
const UNASKED = { peer: undefined as never }
const OWN = { remoteAddress: '192.0.2.5', localAddress: '192.0.2.5' }

/** What `latchkey explain` and the owner's console show of a plain local client, rule by rule. */
const USUAL = [
  'peer-unknown pass: 127.0.0.1',
  'headers-truncated pass: 1 of fewer than 1000 fields',
  'public-listener pass: no mark',
  'peer-not-loopback pass: 127.0.0.1',
  'host-not-local pass: localhost:3000',
  'forwarding-untrusted pass: no forwarding header',
  'hop-untrusted skip: no forwarding header',
  'forwarding-tampered pass: nothing odd',
  'peer-unproven pass: same-user, curl, uid 1000',
  'proxy-seen pass: no taint',
]
const LISTENER = 'a listener that Latchkey opened'

function fields(...headers: string[]): RequestFacts {
  return withHeaders([...LOCAL, ...headers])
}

/** Line by its place: what differs from the usual; nothing is asked after a rule that failed. */
test.each<[string, RequestFacts, LocalityOptions, Record<number, string>]>([
  ['a local client', facts(), {}, {}],
  ['IPv6, on a marked listener', facts({ remoteAddress: '::1', listener: 'local', peer: { ...OURS, sign: 'x' } }), {},
    { 0: 'peer-unknown pass: ::1', 2: 'public-listener pass: local', 3: 'peer-not-loopback pass: ::1', 8: 'peer-unproven pass: same-user, curl, uid 1000, x' }],
  ['a private listener', facts({ transport: 'private', remoteAddress: null, ...UNASKED }), {},
    { 0: `peer-unknown pass: ${LISTENER}`, 3: `peer-not-loopback pass: ${LISTENER}`, 8: `peer-unproven pass: ${LISTENER}` }],
  ['by headers alone', facts({ tainted: true, ...UNASKED }), BLIND,
    { 8: 'peer-unproven skip: dangerouslyTrustHeaders', 9: 'proxy-seen skip: dangerouslyTrustHeaders' }],
  ['nobody asked', facts(UNASKED), {}, { 8: 'peer-unproven fail: nobody asked the kernel' }],
  ['a Unix socket', facts({ transport: 'unix', remoteAddress: null }), {},
    { 0: 'peer-unknown fail: a Unix socket of the app, which any proxy may use' }],
  ['no address', facts({ remoteAddress: null }), {}, { 0: 'peer-unknown fail: no address' }],
  ['too many fields', facts({ headerLimit: 1 }), {}, { 1: 'headers-truncated fail: 1 of fewer than 1 fields' }],
  ['a public listener', facts({ listener: 'public' }), {}, { 2: 'public-listener fail: public' }],
  ['our own address', withHeaders(['Host', '192.0.2.5'], OWN), { ownAddresses: true },
    { 0: 'peer-unknown pass: 192.0.2.5', 3: 'peer-not-loopback pass: 192.0.2.5, which is our own end too', 4: 'host-not-local pass: 192.0.2.5' }],
  ['... by headers', facts(OWN), { ownAddresses: true, ...BLIND },
    { 0: 'peer-unknown pass: 192.0.2.5', 3: 'peer-not-loopback fail: 192.0.2.5, which headers alone cannot prove' }],
  ['no Host', withHeaders([]), {}, { 1: 'headers-truncated pass: 0 of fewer than 1000 fields', 4: 'host-missing fail: none' }],
  ['two Hosts', fields('Host', 'b'), {},
    { 1: 'headers-truncated pass: 2 of fewer than 1000 fields', 4: 'host-duplicate fail: localhost:3000, b' }],
  ['two authorities', withHeaders([':authority', 'localhost', ':authority', 'localhost'], { httpVersion: '2.0' }), {},
    { 1: 'headers-truncated pass: 2 of fewer than 1000 fields', 4: 'host-duplicate fail: localhost, localhost' }],
  ['an authority and two Hosts', withHeaders([':authority', 'localhost', 'host', 'localhost', 'host', 'localhost'], { httpVersion: '2.0' }), {},
    { 1: 'headers-truncated pass: 3 of fewer than 1000 fields', 4: 'host-duplicate fail: localhost, localhost, localhost' }],
  ['HTTP/2', withHeaders([':authority', 'localhost', 'host', 'localhost'], { httpVersion: '2.0' }), {},
    { 1: 'headers-truncated pass: 2 of fewer than 1000 fields', 4: 'host-not-local pass: localhost, localhost' }],
  ['another target', facts({ url: 'http://a.b/' }), {}, { 4: 'target-mismatch fail: http://a.b/ with Host localhost:3000' }],
  ['a proxy', fields('Via', 'x', 'X-Forwarded-For', '127.0.0.1'), {},
    { 1: 'headers-truncated pass: 3 of fewer than 1000 fields', 5: 'forwarding-untrusted fail: via, x-forwarded-for' }],
  ['trusted proxies', fields('X-Forwarded-For', '127.0.0.1, ::1', 'X-Real-IP', '127.0.0.1'), TRUST,
    { 1: 'headers-truncated pass: 3 of fewer than 1000 fields', 5: 'forwarding-untrusted pass: x-forwarded-for, x-real-ip, from a trusted proxy', 6: 'hop-untrusted pass: 127.0.0.1, ::1' }],
  ['a malformed chain', fields('X-Forwarded-For', 'a', 'X-Forwarded-For', 'b'), TRUST,
    { 1: 'headers-truncated pass: 3 of fewer than 1000 fields', 5: 'forwarding-untrusted pass: x-forwarded-for, x-forwarded-for, from a trusted proxy', 6: 'forwarding-malformed fail: a, b' }],
  ['no chain', fields('X-Forwarded-Proto', 'http'), TRUST,
    { 1: 'headers-truncated pass: 2 of fewer than 1000 fields', 5: 'forwarding-untrusted pass: x-forwarded-proto, from a trusted proxy', 6: 'forwarding-incomplete fail: no x-forwarded-for' }],
  ['a foreign field', fields('X-Forwarded-For', '::1', 'Via', '1.1 x'), TRUST,
    { 1: 'headers-truncated pass: 3 of fewer than 1000 fields', 5: 'forwarding-untrusted pass: x-forwarded-for, via, from a trusted proxy', 6: 'forwarding-foreign fail: via: 1.1 x' }],
  ['a companion twice', fields('X-Forwarded-For', '::1', 'X-Real-IP', '::1', 'X-Real-IP', '::1'), TRUST,
    { 1: 'headers-truncated pass: 4 of fewer than 1000 fields', 5: 'forwarding-untrusted pass: x-forwarded-for, x-real-ip, x-real-ip, from a trusted proxy', 6: 'forwarding-conflict fail: the same forwarding header twice' }],
  ['a client elsewhere', fields('X-Forwarded-For', '192.0.2.1, ::1'), TRUST,
    { 1: 'headers-truncated pass: 2 of fewer than 1000 fields', 5: 'forwarding-untrusted pass: x-forwarded-for, from a trusted proxy', 6: 'hop-untrusted fail: 192.0.2.1, ::1' }],
  ['a nominated field', fields('Connection', 'x-real-ip'), {},
    { 1: 'headers-truncated pass: 2 of fewer than 1000 fields', 7: 'forwarding-tampered fail: Connection nominates x-real-ip' }],
  ['less assurance', facts(), { assurance: 'local-secret' },
    { 8: 'peer-unproven fail: same-user, curl, uid 1000: same-user, but local-secret is asked for' }],
  ['this very process', facts({ peer: { ...OURS, sign: 'own-process' } }), { ownProcess: 'proof' },
    { 8: 'peer-unproven fail: same-user, curl, uid 1000, own-process: this very process needs the proof' }],
  ['a taint', facts({ tainted: true }), {}, { 9: 'proxy-seen fail: forwarded requests came this way before' }],
  ['a taint and the proof', facts({ tainted: true, localSecret: true }), {},
    { 8: 'peer-unproven pass: proof of the local secret', 9: 'proxy-seen pass: tainted, but local-secret' }],
])('%s', (_title, given, options, differs) => {
  const lines = USUAL.map((line, place) => differs[place] ?? line)
  const last = lines.findIndex((line) => line.includes(' fail: '))
  const expected = lines.map((line, place) =>
    last === -1 || place <= last ? line : `${(USUAL[place] ?? '').split(' ')[0] ?? ''} skip: not asked: an earlier rule decided`,
  )
  const { trace } = decideLocality(localityPolicy(options), given)
  expect(trace.map(({ rule, outcome, saw }) => `${rule} ${outcome}: ${saw}`)).toEqual(expected)
}) // prettier-ignore

test.each([119, 120, 121, 200])('a text of %d characters is shown in at most 120', (length) => {
  const host = `${'a.'.repeat(100)}${'b'.repeat(60)}`.slice(-length + '.localhost'.length) + '.localhost'
  const url = `http://${'u'.repeat(length - 'http:// with Host localhost:3000'.length)}`
  const saws = [withHeaders(['Host', host]), facts({ url })].map(
    (given) => decideLocality(localityPolicy(), given).trace[4]?.saw ?? '',
  )
  for (const saw of saws) {
    expect(saw).toHaveLength(Math.min(length, 120))
    expect(saw.endsWith('…')).toBe(length > 120)
  }
})

test('a long chain of trusted hops is shown in 120 characters, and a short one whole', () => {
  const saw = (hops: number): string => {
    const chain = new Array<string>(hops).fill('127.0.0.11').join(', ')
    return decideLocality(localityPolicy(TRUST), fields('X-Forwarded-For', chain)).trace[6]?.saw ?? ''
  }
  expect(saw(10)).toHaveLength(118)
  expect(saw(11)).toHaveLength(120)
  expect(saw(11).endsWith('…')).toBe(true)
})

test('a chain of just 120 characters is shown whole', () => {
  const chain = [...new Array<string>(10).fill('127.0.0.1'), '127.0.0.10'].join(', ')
  const { trace } = decideLocality(localityPolicy(TRUST), fields('X-Forwarded-For', chain))
  expect([chain.length, trace[6]?.saw]).toEqual([120, chain])
})

test('without any address there is no own one either', () => {
  const nowhere = { remoteAddress: null, localAddress: null, rawHeaders: ['Host', '192.0.2.5'] }
  const { reason, trace } = decideLocality(localityPolicy({ ownAddresses: true }), facts(nowhere))
  expect([reason, trace[0]?.saw]).toEqual(['peer-unknown', 'no address'])
})

test('what a client sent reaches no terminal as it is', () => {
  const { trace } = decideLocality(localityPolicy(), withHeaders(['Host', 'a\u001b[31m é b']))
  expect(trace[4]?.saw).toBe('a?[31m ? b')
  const { trace: bare } = decideLocality(localityPolicy(), withHeaders(['Host', '\u001b\u0007']))
  expect(bare[4]?.saw).toBe('??')
})
