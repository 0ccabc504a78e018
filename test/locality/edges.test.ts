import { describe, expect, test } from '@jest/globals'
import { addressPrefix, ipv4Number } from '../../lib/locality/address.ts'
import {
  hostParser,
  isHostOfAddress,
  parseHost,
  sameAuthority,
  type HostName,
} from '../../lib/locality/host.ts'
import { decideLocality, localityPolicy, type LocalityOptions } from '../../lib/locality/index.ts'
import { readRequest } from '../../lib/locality/reading.ts'
import { peerIsLoopback } from '../../lib/locality/rules.ts'
import { facts, withHeaders } from './facts.ts'

const TRUSTING = localityPolicy({ trustProxy: ['loopback'] })
function unreadable(text: string): never {
  throw new Error(`${text} is no host`)
}
const host = (text: string): HostName => parseHost(text) ?? unreadable(text)

describe('the network that an address is counted by', () => {
  test.each([
    [null, 'unknown'],
    ['203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('%s is of %s', (address, prefix) => {
    expect(addressPrefix(address)).toBe(prefix)
  })
})

describe('a long chain of loopback hops', () => {
  const chain = Array.from({ length: 30 }, () => '127.0.0.1').join(', ')

  test('is local, and is shown cut', () => {
    const verdict = decideLocality(
      TRUSTING,
      withHeaders(['Host', 'localhost:3000', 'X-Forwarded-For', chain]),
    )
    expect(verdict).toMatchObject({ isLocal: true, kind: 'proxied', silent: false })
    const shown = verdict.trace.find(({ rule }) => rule === 'hop-untrusted')?.saw ?? ''
    expect([shown.length, shown.endsWith('…')]).toEqual([120, true])
  })

  test('is refused at a stranger behind any number of them', () => {
    for (const place of [0, 1, 29]) {
      const hops = chain.split(', ')
      hops[place] = '203.0.113.7'
      const headers = ['Host', 'localhost:3000', 'X-Forwarded-For', hops.join(', ')]
      expect(decideLocality(TRUSTING, withHeaders(headers))).toMatchObject({
        isLocal: false,
        reason: 'hop-untrusted',
        clientAddress: '203.0.113.7',
      })
    }
  })
})

test('a Forwarded node in brackets is IPv6 or nothing', () => {
  const policy = localityPolicy({ trustProxy: ['loopback'], forwardedBy: 'forwarded' })
  const verdictOf = (node: string): unknown =>
    decideLocality(policy, withHeaders(['Host', 'localhost', 'Forwarded', `for="${node}"`])).reason
  expect(verdictOf('[::1]:80')).toBe('local')
  expect(verdictOf('[127.0.0.1]')).toBe('forwarding-malformed')
  expect(verdictOf('127.0.0.1:65536')).toBe('forwarding-malformed')
})

describe('the memory of parsed hosts', () => {
  test('forgets when it is flooded, and answers the same afterwards', () => {
    const parse = hostParser()
    const before = parse('localhost:3000')
    for (let port = 1; port <= 2000; port += 1) expect(parse(`name-${port}.example:${port}`)?.port).toBe(port)
    expect(parse('localhost:3000')).toEqual(before)
  })

  test('never keeps what is too long to be a host', () => {
    const parse = hostParser()
    const long = `${'a'.repeat(300)}.localhost`
    expect([parse(long), parse(long)]).toEqual([null, null])
  })
})

test('hosts are compared with addresses and with each other by family and port', () => {
  expect(isHostOfAddress(host('127.0.0.1'), '127.0.0.1')).toBe(true)
  expect(isHostOfAddress(host('[::1]'), '::1')).toBe(true)
  expect(isHostOfAddress(host('[::ffff:127.0.0.1]'), '127.0.0.1')).toBe(false)
  expect(isHostOfAddress(host('127.0.0.1'), '::1')).toBe(false)
  expect(sameAuthority(host('localhost'), host('localhost:80'), 80)).toBe(true)
  expect(sameAuthority(host('localhost:80'), host('localhost'), 80)).toBe(true)
  expect(sameAuthority(host('localhost'), host('localhost:80'), 443)).toBe(false)
  expect(parseHost('localhost:65536')).toBeNull()
})

describe('an address of the machine itself', () => {
  test('needs to be known on our end, and allowed', () => {
    const own = { remoteAddress: '192.0.2.9', rawHeaders: ['Host', '192.0.2.9:3000'] }
    const allowing = localityPolicy({ ownAddresses: true })
    const verdict = (options: LocalityOptions, localAddress: string | null): string =>
      decideLocality(localityPolicy(options), facts({ ...own, localAddress })).reason
    expect(decideLocality(allowing, facts({ ...own, localAddress: '192.0.2.9' })).reason).toBe('local')
    expect(verdict({ ownAddresses: true }, null)).toBe('peer-not-loopback')
    expect(verdict({ ownAddresses: true }, '192.0.2.8')).toBe('peer-not-loopback')
    expect(verdict({}, '192.0.2.9')).toBe('peer-not-loopback')
    expect(verdict({ ownAddresses: true, dangerouslyTrustHeaders: true }, '192.0.2.9')).toBe('peer-not-loopback') // prettier-ignore
  })
})

test('a private listener needs no address', () => {
  expect(
    decideLocality(localityPolicy(), facts({ transport: 'private', remoteAddress: null })),
  ).toMatchObject({
    isLocal: true,
    assurance: 'private-listener',
  })
})

test.each([
  [{ hosts: [undefined] }, 'hosts: got undefined, expected text'],
  [{ peerUsers: '0' }, 'peerUsers: got "0", expected a list'],
  [{ peerUsers: [-1] }, 'peerUsers: got -1, expected a numeric user id'],
  [{ peerUsers: [1.5] }, 'peerUsers: got 1.5, expected a numeric user id'],
  [{ forwardingHeaders: ['x y'] }, 'forwardingHeaders: got "x y", expected a header name'],
  [
    { allowedOrigins: ['https://app.example/'] },
    'allowedOrigins: got "https://app.example/", expected an origin',
  ],
  [{ ownAddresses: 'yes' }, 'ownAddresses: got "yes", expected true or false'],
])('the option %j is refused', (options, message) => {
  expect(() => localityPolicy(options as never)).toThrow(message)
})

test('more IPv6 hops than are remembered are judged all the same', () => {
  const policy = localityPolicy({ trustProxy: ['2001:db8::/112'] })
  for (let hop = 0; hop < 1200; hop += 1) {
    expect(policy.trusts(`2001:db8::${hop.toString(16)}`)).toBe(true)
    expect(policy.trusts(`2001:db8::1:${hop.toString(16)}`)).toBe(false)
  }
})

describe('what stands beside the chain', () => {
  const reason = (name: string, value: string): string =>
    decideLocality(
      TRUSTING,
      withHeaders(['Host', 'localhost:3000', 'X-Forwarded-For', '127.0.0.1', name, value]),
    ).reason

  test.each([
    ['X-Forwarded-Port', '3000', 'local'],
    ['X-Forwarded-Port', '65536', 'forwarding-malformed'],
    ['X-Forwarded-Port', '', 'forwarding-malformed'],
    ['X-Forwarded-Proto', 'https', 'local'],
    ['X-Forwarded-Proto', 'ws', 'local'],
    ['X-Forwarded-Proto', 'ftp', 'forwarding-malformed'],
    ['X-Forwarded-Proto', 'xhttp', 'forwarding-malformed'],
    ['X-Forwarded-Proto', 'httpx', 'forwarding-malformed'],
    ['X-Forwarded-Host', 'localhost:3000', 'local'],
    ['X-Forwarded-Host', 'app.example', 'forwarding-conflict'],
    ['X-Forwarded-Host', 'a b', 'forwarding-malformed'],
    ['X-Real-IP', '127.0.0.1', 'local'],
    ['X-Forwarded-Server', 'anything', 'local'],
    ['X-Real-IP', '203.0.113.7', 'forwarding-conflict'],
    ['X-Real-IP', '127.0.0.1:80', 'forwarding-malformed'],
    ['X-Real-IP', 'unknown', 'forwarding-malformed'],
  ])('%s: %s is %s', (name, value, expected) => {
    expect(reason(name, value)).toBe(expected)
  })
})

test('names of headers, prefixes and user ids are taken as they are', () => {
  const policy = localityPolicy({ forwardingHeaders: ['x-mine', 'x-ours-*'], peerUsers: [0, 1000] })
  expect(policy.peerUsers).toEqual([0, 1000])
  for (const name of ['X-Mine', 'x-ours-client'])
    expect(decideLocality(policy, withHeaders(['Host', 'localhost', name, '']))).toMatchObject({
      isLocal: false,
      reason: 'forwarding-untrusted',
    })
})

test.each([
  ['127.0.0.1', 2130706433],
  ['0.0.0.0', 0],
  ['255.255.255.255', 4294967295],
  ['10.0.0.10', 167772170],
  ['127.0.0.01', -1],
  ['00.0.0.0', -1],
  ['127.1', -1],
  ['127.0.0.', -1],
  ['127.0.0.1.1', -1],
  ['.127.0.0.1', -1],
  ['256.0.0.1', -1],
  ['127.0.0.1 ', -1],
  ['::1', -1],
  ['', -1],
])('%j as the number of an IPv4 address is %d', (text, number) => {
  expect(ipv4Number(text)).toBe(number)
})

test('an address that is none, and a Unix socket of the app, are not loopback', () => {
  for (const more of [{ transport: 'unix' as const, remoteAddress: null }, { remoteAddress: 'localhost' }])
    expect(decideLocality(localityPolicy(), facts(more))).toMatchObject({
      isLocal: false,
      clientAddress: null,
    })
})

test('the rule about loopback fails without an address even if no rule before it did', () => {
  const reading = readRequest(localityPolicy(), facts({ remoteAddress: null }))
  expect(peerIsLoopback(reading)).toMatchObject({ outcome: 'fail', saw: 'no address' })
})

test('a proxy may have been asked for a name of this machine, and for no other', () => {
  const policy = localityPolicy({ trustProxy: ['loopback'], hosts: ['gateway.test', '[fd00::1]'] })
  const reason = (name: string): string => {
    const headers = ['Host', 'gateway.test', 'X-Forwarded-For', '127.0.0.1', 'X-Forwarded-Host', name]
    return decideLocality(policy, withHeaders(headers)).reason
  }
  expect(reason('gateway.test')).toBe('local')
  expect(reason('[fd00::1]')).toBe('local')
  expect(reason('other.test')).toBe('forwarding-conflict')
  expect(reason('[fd00::2]')).toBe('forwarding-conflict')
})

test('only this very process has to prove itself when the option asks for it', () => {
  const policy = localityPolicy({ ownProcess: 'proof' })
  const reason = (sign?: string): string =>
    decideLocality(
      policy,
      facts({ peer: { status: 'same-user', uid: 1, ...(sign === undefined ? {} : { sign }) } }),
    ).reason
  expect([reason('own-process'), reason(), reason('another')]).toEqual(['peer-unproven', 'local', 'local'])
})

test('the trace says what each of the last rules saw', () => {
  const seen = (more: Parameters<typeof facts>[0]): (string | undefined)[] =>
    decideLocality(localityPolicy(), facts(more))
      .trace.slice(-2)
      .map(({ saw }) => saw)
  const peer = { status: 'same-user', uid: 1000, process: 'curl' } as const
  expect(seen({ peer })).toEqual(['same-user, curl, uid 1000', 'no taint'])
  expect(seen({ peer: { status: 'same-user' } })).toEqual(['same-user', 'no taint'])
  expect(seen({ peer, tainted: true })[1]).toBe('forwarded requests came this way before')
  expect(seen({ peer, tainted: true, localSecret: true })).toEqual([
    'proof of the local secret',
    'tainted, but local-secret',
  ])
})
