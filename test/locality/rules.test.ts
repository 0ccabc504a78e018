import { describe, expect, test } from '@jest/globals'
import {
  decideLocality,
  localityPolicy,
  type LocalityOptions,
  type RequestFacts,
} from '../../lib/locality/index.ts'
import { facts, OURS, withHeaders } from './facts.ts'

const LOCAL = ['Host', 'localhost:3000']
const TRUST: LocalityOptions = { trustProxy: ['loopback'] }

function decide(given: RequestFacts, options: LocalityOptions = {}): string {
  const verdict = decideLocality(localityPolicy(options), given)
  return verdict.isLocal ? `${verdict.kind} ${verdict.assurance}` : verdict.reason
}

function chain(...headers: string[]): RequestFacts {
  return withHeaders([...LOCAL, ...headers])
}

describe('each rule fails with its own code', () => {
  test.each<[string, RequestFacts, LocalityOptions, string]>([
    ['1: a peer without address', facts({ remoteAddress: null }), {}, 'peer-unknown'],
    ['1: an app-level Unix socket', facts({ transport: 'unix', remoteAddress: null }), {}, 'peer-unknown'],
    ['1: ... whatever address it claims', facts({ transport: 'unix' }), {}, 'peer-unknown'],
    ['2: as many fields as the parser keeps', facts({ headerLimit: 1 }), {}, 'headers-truncated'],
    ['2: a name without a value', withHeaders([...LOCAL, 'X']), {}, 'headers-truncated'],
    ['3: a public listener', facts({ listener: 'public' }), {}, 'public-listener'],
    ['4: another host', facts({ remoteAddress: '192.0.2.1' }), {}, 'peer-not-loopback'],
    ['5: no Host', withHeaders([]), {}, 'host-missing'],
    ['5: two Hosts', withHeaders([...LOCAL, ...LOCAL]), {}, 'host-duplicate'],
    ['5: no host name', withHeaders(['Host', 'local host']), {}, 'host-malformed'],
    ['5: a name of elsewhere', withHeaders(['Host', 'example.com']), {}, 'host-not-local'],
    ['5: another target', facts({ url: 'http://example.com/' }), {}, 'target-mismatch'],
    ['5: another port in the target', facts({ url: 'http://localhost:3001/' }), {}, 'target-mismatch'],
    ['5: an authority form', facts({ url: 'localhost:3000' }), {}, 'target-mismatch'],
    ['6: a proxy that is not trusted', chain('Via', '1.1 x'), {}, 'forwarding-untrusted'],
    ['6: ... with an empty header', chain('X-Forwarded-For', ''), {}, 'forwarding-untrusted'],
    ['7: no chain', chain('X-Forwarded-Proto', 'http'), TRUST, 'forwarding-incomplete'],
    ['7: no addresses', chain('X-Forwarded-For', 'unknown'), TRUST, 'forwarding-malformed'],
    [
      '7: a strange port',
      chain('X-Forwarded-For', '::1', 'X-Forwarded-Port', '0'),
      TRUST,
      'forwarding-malformed',
    ],
    [
      '7: another X-Real-IP',
      chain('X-Forwarded-For', '::1', 'X-Real-IP', '127.0.0.1'),
      TRUST,
      'forwarding-conflict',
    ],
    [
      '7: another host',
      chain('X-Forwarded-For', '::1', 'X-Forwarded-Host', 'a.b'),
      TRUST,
      'forwarding-conflict',
    ],
    [
      '7: two X-Forwarded-Proto',
      chain('X-Forwarded-For', '::1', 'X-Forwarded-Proto', 'http', 'X-Forwarded-Proto', 'http'),
      TRUST,
      'forwarding-conflict',
    ],
    [
      '7: a header of another proxy',
      chain('X-Forwarded-For', '::1', 'Forwarded', 'for=1.2.3.4'),
      TRUST,
      'forwarding-foreign',
    ],
    ['7: an untrusted hop', chain('X-Forwarded-For', '192.0.2.1'), TRUST, 'hop-untrusted'],
    [
      '7: a trusted hop elsewhere',
      chain('X-Forwarded-For', '127.0.0.1, 10.0.0.1'),
      { trustProxy: ['loopback', '10.0.0.0/8'] },
      'hop-not-loopback',
    ],
    [
      '8: a nominated header',
      withHeaders([...LOCAL, 'Connection', 'close, X-Real-IP']),
      {},
      'forwarding-tampered',
    ],
    [
      '8: an underscore',
      chain('X-Forwarded-For', '::1', 'X_Forwarded_For', '::1'),
      TRUST,
      'forwarding-foreign',
    ],
    ['8: a CGI spelling', chain('HTTP_X_FORWARDED_FOR', '::1'), {}, 'forwarding-tampered'],
    ['8: no separators', chain('xforwardedfor', '::1'), {}, 'forwarding-tampered'],
    ['9: nobody asked', facts({ peer: undefined as never }), {}, 'peer-unproven'],
    ['9: no answer', facts({ peer: { status: 'unproven' } }), {}, 'peer-unproven'],
    ['9: another user', facts({ peer: { status: 'other-user', uid: 33 } }), {}, 'peer-other-user'],
    ['9: a relay', facts({ peer: { status: 'relay', process: 'nginx' } }), {}, 'peer-relay'],
    [
      '9: a relay by its name, whatever the look-up says',
      facts({ peer: { ...OURS, process: 'nginx' } }),
      {},
      'peer-relay',
    ],
    [
      '9: ... beside another holder',
      facts({ peer: { ...OURS, process: 'curl, sshd-session' } }),
      {},
      'peer-relay',
    ],
    ['9: connected elsewhere', facts({ peer: { status: 'outbound' } }), {}, 'peer-outbound'],
    ['9: a status that is not known', facts({ peer: { status: 'fine' as never } }), {}, 'peer-unproven'],
    [
      '9: this process, when it has to prove itself',
      facts({ peer: { ...OURS, sign: 'own-process' } }),
      { ownProcess: 'proof' },
      'peer-unproven',
    ],
    ['9: less assurance than asked for', facts(), { assurance: 'private-listener' }, 'peer-unproven'],
    ['10: tainted', facts({ tainted: true }), {}, 'proxy-seen'],
  ])('%s', (_title, given, options, reason) => {
    expect(decide(given, options)).toBe(reason)
    const verdict = decideLocality(localityPolicy(options), given)
    expect(verdict).toMatchObject({
      isLocal: false,
      silent: false,
      kind: 'remote',
      assurance: 'none',
      reason,
    })
    expect(verdict.advice).toEqual(expect.stringMatching(/.{20}/))
    expect(verdict.trace.filter((entry) => entry.outcome === 'fail').map((entry) => entry.rule)).toEqual([
      reason,
    ])
    const at = verdict.trace.findIndex((entry) => entry.outcome === 'fail')
    expect(verdict.trace.slice(at + 1).every((entry) => entry.outcome === 'skip')).toBe(true)
  })
})

describe('what is local', () => {
  test.each<[string, RequestFacts, LocalityOptions, string]>([
    ['a tool of ours', facts(), {}, 'direct same-user'],
    ['this very process', facts({ peer: { ...OURS, sign: 'own-process' } }), {}, 'direct same-user'],
    [
      'a private listener',
      facts({ transport: 'private', remoteAddress: null, peer: undefined as never }),
      {},
      'direct private-listener',
    ],
    [
      'a private listener, tainted',
      facts({ transport: 'private', remoteAddress: null, tainted: true }),
      {},
      'direct private-listener',
    ],
    ['a marked loopback listener', facts({ listener: 'local' }), {}, 'direct private-listener'],
    [
      'a marked loopback listener, tainted',
      facts({ listener: 'local', tainted: true }),
      {},
      'direct private-listener',
    ],
    ['with the proof', facts({ localSecret: true }), { assurance: 'local-secret' }, 'direct local-secret'],
    [
      'with the proof, unproven',
      facts({ localSecret: true, peer: { status: 'unproven' } }),
      {},
      'direct local-secret',
    ],
    [
      'with the proof, outbound',
      facts({ localSecret: true, peer: { status: 'outbound' } }),
      {},
      'direct local-secret',
    ],
    ['with the proof, tainted', facts({ localSecret: true, tainted: true }), {}, 'direct local-secret'],
    [
      'outbound, when allowed',
      facts({ peer: { status: 'outbound' } }),
      { outbound: 'allow' },
      'direct same-user',
    ],
    ['a name of its own', withHeaders(['Host', 'gw.test:99']), { hosts: ['gw.test'] }, 'direct same-user'],
    [
      'a name of its own with a port',
      withHeaders(['Host', 'gw.test:99']),
      { hosts: ['gw.test:99'] },
      'direct same-user',
    ],
    ['a target in absolute form', facts({ url: 'HTTP://localhost:3000/x?y' }), {}, 'direct same-user'],
    ['HTTP/2', withHeaders([':authority', 'localhost:3000'], { httpVersion: '2.0' }), {}, 'direct same-user'],
    [
      'HTTP/2 with an equal Host',
      withHeaders([':authority', 'localhost', 'host', 'localhost'], { httpVersion: '2.0' }),
      {},
      'direct same-user',
    ],
    [
      'through a trusted proxy, by headers',
      chain('X-Forwarded-For', '127.0.0.1'),
      { ...TRUST, dangerouslyTrustHeaders: true },
      'proxied headers',
    ],
    ['no limit of fields', facts({ headerLimit: Number.POSITIVE_INFINITY }), {}, 'direct same-user'],
    [
      'an address of this host, proved',
      withHeaders(['Host', '192.0.2.5:3000'], { remoteAddress: '192.0.2.5', localAddress: '192.0.2.5' }),
      { ownAddresses: true },
      'direct same-user',
    ],
  ])('%s', (_title, given, options, expected) => {
    expect(decide(given, options)).toBe(expected)
  })

  test.each<[string, RequestFacts, LocalityOptions, string]>([
    [
      'a mark does not replace the kernel',
      facts({ listener: 'local', peer: { status: 'unproven' } }),
      {},
      'peer-unproven',
    ],
    [
      'a mark does not excuse a relay',
      facts({ listener: 'local', peer: { status: 'relay' } }),
      {},
      'peer-relay',
    ],
    [
      'the proof does not excuse forwarding headers',
      facts({ localSecret: true, rawHeaders: [...LOCAL, 'Via', 'x'] }),
      {},
      'forwarding-untrusted',
    ],
    [
      'a private listener does not excuse them either',
      facts({ transport: 'private', rawHeaders: [...LOCAL, 'Via', 'x'] }),
      {},
      'forwarding-untrusted',
    ],
    [
      'nor a Host of elsewhere',
      facts({ transport: 'private', rawHeaders: ['Host', 'evil.test'] }),
      {},
      'host-not-local',
    ],
    [
      'own addresses by headers alone',
      facts({ remoteAddress: '192.0.2.5', localAddress: '192.0.2.5' }),
      { ownAddresses: true, dangerouslyTrustHeaders: true },
      'peer-not-loopback',
    ],
    [
      'own addresses, unproven',
      facts({ remoteAddress: '192.0.2.5', localAddress: '192.0.2.5', peer: { status: 'unproven' } }),
      { ownAddresses: true },
      'peer-unproven',
    ],
    [
      'own addresses, not allowed',
      facts({ remoteAddress: '192.0.2.5', localAddress: '192.0.2.5' }),
      {},
      'peer-not-loopback',
    ],
    [
      'another address of the same net',
      facts({ remoteAddress: '192.0.2.6', localAddress: '192.0.2.5' }),
      { ownAddresses: true },
      'peer-not-loopback',
    ],
    [
      ':authority over HTTP/1.1',
      withHeaders([':authority', 'localhost', 'Host', 'localhost']),
      {},
      'host-duplicate',
    ],
    [
      'HTTP/2 with another Host',
      withHeaders([':authority', 'localhost', 'host', 'a.b'], { httpVersion: '2.0' }),
      {},
      'host-duplicate',
    ],
    [
      'a name of its own on another port',
      withHeaders(['Host', 'gw.test:98']),
      { hosts: ['gw.test:99'] },
      'host-not-local',
    ],
    [
      'a same-user relay through a trusted proxy',
      { ...chain('X-Forwarded-For', '127.0.0.1'), peer: { status: 'relay' } },
      TRUST,
      'peer-relay',
    ],
  ])('but not: %s', (_title, given, options, expected) => {
    expect(decide(given, options)).toBe(expected)
  })
})

describe('a browser on this machine', () => {
  const page = (...headers: string[]): boolean =>
    decideLocality(localityPolicy({ allowedOrigins: ['https://app.test'] }), chain(...headers)).silent

  test.each<[string, string[], boolean]>([
    ['of our own origin', ['Origin', 'http://localhost:3000'], true],
    [
      'of our own origin, said twice',
      ['Origin', 'http://localhost:3000', 'Sec-Fetch-Site', 'same-origin'],
      true,
    ],
    ['no page', ['Sec-Fetch-Site', 'none'], true],
    ['an allowed origin', ['Origin', 'https://app.test'], false],
    ['another port', ['Origin', 'http://localhost:3001'], false],
    ['another spelling', ['Origin', 'http://127.0.0.1:3000'], false],
    ['null', ['Origin', 'null'], false],
    ['a site that contradicts', ['Origin', 'http://localhost:3000', 'Sec-Fetch-Site', 'cross-site'], false],
    ['two sites', ['Sec-Fetch-Site', 'none', 'Sec-Fetch-Site', 'none'], false],
    ['an unknown site', ['Sec-Fetch-Site', 'friendly'], false],
    ['a scheme called constructor', ['Origin', 'constructor://localhost:3000'], false],
  ])('%s: silent is %s', (_title, headers, silent) => {
    expect(page(...headers)).toBe(silent)
  })
})

test("an origin that writes the scheme's default port is no browser's", () => {
  const origin = (port: string): boolean =>
    decideLocality(
      localityPolicy(),
      withHeaders(['Host', 'localhost:80', 'Origin', `http://localhost${port}`]),
    ).silent
  expect([origin(''), origin(':80')]).toEqual([true, false])
})

test('a host name has at most 253 characters', () => {
  const nameOf = (length: number): string =>
    `${'a.'.repeat(100)}${'b'.repeat(length - 200 - '.localhost'.length)}.localhost`
  const reasonOf = (length: number): string => decide(withHeaders(['Host', nameOf(length)]))
  expect([nameOf(253).length, reasonOf(253), reasonOf(254)]).toEqual([
    253,
    'direct same-user',
    'host-malformed',
  ])
})

test('what a client sent reaches the trace without control characters, and cut', () => {
  const hostile = `\u001b[2J\r\n\u202e${'x'.repeat(5000)}`
  const { trace } = decideLocality(localityPolicy(), withHeaders(['Host', hostile]))
  const saw = trace.find((entry) => entry.outcome === 'fail')?.saw ?? ''
  expect(saw).toMatch(/^[\x20-\x7e…]+$/)
  expect(saw.length).toBeLessThanOrEqual(121)
})

// Quadratic reading of this takes longer than any test may.
test('a header of any length is read in linear time', () => {
  const spaces = ' '.repeat(2_000_000)
  const name = `x-${'_'.repeat(2_000_000)}a`
  const byXff = decideLocality(localityPolicy(TRUST), chain('X-Forwarded-For', `1${spaces}2`, name, '1'))
  const quotes = `for=${'"'.repeat(2_000_000)}${spaces}`
  const byForwarded = decideLocality(
    localityPolicy({ ...TRUST, forwardedBy: 'forwarded' }),
    chain('Forwarded', quotes),
  )
  expect([byXff.reason, byForwarded.reason]).toEqual(['forwarding-malformed', 'forwarding-malformed'])
})
