import { describe, expect, test } from '@jest/globals'
import { forwardedChain } from '../../lib/locality/forwarded.ts'
import { clientOfChain, parseChain } from '../../lib/locality/forwarding-chain.ts'
import { parseHost } from '../../lib/locality/host.ts'
import {
  decideLocality,
  localityPolicy,
  type LocalityOptions,
  type RequestFacts,
} from '../../lib/locality/index.ts'
import { isSerializedOrigin, originStanding } from '../../lib/locality/origin.ts'
import { readRequest } from '../../lib/locality/reading.ts'
import { facts, OURS, withHeaders } from './facts.ts'

const reasonOf = (given: RequestFacts, options: LocalityOptions = {}): string =>
  decideLocality(localityPolicy(options), given).reason

describe('a Forwarded field', () => {
  test.each<[string, string[]]>([
    ['for=192.0.2.1  ,\t for="[2001:DB8::1]:65535"', ['192.0.2.1', '2001:db8::1']],
    ['For=192.0.2.1 ;\tproto=http', ['192.0.2.1']],
    ['for="192.0.2.1:_x"', ['192.0.2.1']],
    ['for="192.0.2.\\1"', ['192.0.2.1']],
  ])('%s names its hops', (value, chain) => {
    expect(forwardedChain(value)).toEqual(chain)
  })
  test.each([
    '', 'for=192.0.2.1;=x', 'for:192.0.2.1', 'for=192.0.2.1;proto=', 'for=192.0.2.1/by=x', 'for="x[::1]"', 'for="[::1]x"',
    'for="192.0.2.1:80x"', 'for="192.0.2.1:65536"', 'for=192.0.2.1;for=192.0.2.2', 'by=192.0.2.1', 'for="[192.0.2.1]"',
    'for=192.0.2.1;=', 'for=192.0.2.1;"x"', 'for=192.0.2.1,', 'for=192.0.2.1;', 'for', 'for=192.0.2.1;proto',
  ])('%j does not', (value) => {
    expect(forwardedChain(value)).toBeNull()
  }) // prettier-ignore
})

describe('a chain of X-Forwarded-For', () => {
  test('is one list over several fields, with spaces and tabs around its hops', () => {
    expect(parseChain('x-forwarded-for', [' 192.0.2.1\t,::1', '\t 192.0.2.2  '])).toEqual(['192.0.2.1', '::1', '192.0.2.2'])
  }) // prettier-ignore
  test.each([[''], [' \t '], ['192.0.2.1,'], ['192.0.2.1\u00a0'], ['192.0.2.1', '']])(
    '%j is none',
    (...values) => {
      expect(parseChain('x-forwarded-for', values)).toBeNull()
    },
  )
  test('its client is the right-most hop that is not trusted, or the first of all', () => {
    const trusts = (hop: string): boolean => hop.startsWith('10.')
    expect(clientOfChain(['10.0.0.9', '192.0.2.1', '192.0.2.2', '10.0.0.1'], trusts)).toBe('192.0.2.2')
    expect(clientOfChain(['10.0.0.9', '10.0.0.1'], trusts)).toBe('10.0.0.9')
  })
})

describe('whose page a request acts for', () => {
  const host = parseHost('localhost:443')
  const standing = (origins: string[], sites: string[] = [], of = host): string =>
    originStanding(origins, sites, of, new Set(['https://app.example']))
  test.each<[string, string[], string[]]>([
    ['none', [], []],
    ['none', [], ['none']],
    ['none', [], ['same-origin']],
    ['foreign', [], ['cross-site']],
    ['foreign', [], ['none', 'none']],
    ['same-origin', ['https://localhost'], []],
    ['same-origin', ['https://localhost'], ['same-origin']],
    ['foreign', ['https://localhost'], ['cross-site']],
    ['foreign', ['https://localhost', 'https://localhost'], []],
    ['foreign', ['https://localhost:443'], []],
    ['foreign', ['https://LOCALHOST'], []],
    ['foreign', ['http://localhost'], []],
    ['same-origin', ['http://localhost:443'], []],
    ['foreign', ['ftp://localhost:443'], []],
    ['foreign', ['https'], []],
    ['foreign', ['://localhost'], []],
    ['foreign', ['https://localhost://x'], []],
    ['foreign', ['https://'], []],
    ['foreign', ['null'], []],
    ['allowed', ['https://app.example'], ['cross-site']],
  ])('%s: Origin %j, Sec-Fetch-Site %j', (expected, origins, sites) => {
    expect(standing(origins, sites)).toBe(expected)
  })
  test('a page of a name that is not local is foreign to it', () => {
    expect(standing(['https://localhost'], [], null)).toBe('foreign')
    expect(standing(['https://app.example'], [], null)).toBe('allowed')
  })
  test.each(['https://a.example', 'vscode-file://vscode-app', 'http://[::1]:3000'])(
    '%s is an origin',
    (text) => {
      expect(isSerializedOrigin(text)).toBe(true)
    },
  )
  test.each([' https://a', 'https://A.example', 'https://a/', 'https://', 'https://u@a', 'https://a b', '1x://a', 'HTTPS://a', 'a'])(
    '%j is none',
    (text) => {
      expect(isSerializedOrigin(text)).toBe(false)
    },
  ) // prettier-ignore
})

describe('the target of a request', () => {
  test.each<[string, string, string]>([
    ['*', 'localhost', 'local'],
    ['http://localhost/', 'localhost:80', 'local'],
    ['ws://localhost', 'localhost:80', 'local'],
    ['https://localhost?x', 'localhost:443', 'local'],
    ['wss://localhost#x', 'localhost:443', 'local'],
    ['wss://localhost/', 'localhost:80', 'target-mismatch'],
    ['ftp://localhost:80/', 'localhost:80', 'target-mismatch'],
    ['ftp://localhost/', 'localhost', 'target-mismatch'],
    ['http://:80/', 'localhost:80', 'target-mismatch'],
    ['x http://localhost/', 'localhost', 'target-mismatch'],
    ['**', 'localhost', 'target-mismatch'],
    ['', 'localhost', 'target-mismatch'],
  ])('%j with Host %s: %s', (url, host, reason) => {
    expect(reasonOf(withHeaders(['Host', host], { url }))).toBe(reason)
  })
})

describe('what the connection says', () => {
  test('a name counts only whole, and only the names that were given', () => {
    const hosts = ['gateway.test', '[fd00::1]:3000']
    const reason = (host: string): string => reasonOf(withHeaders(['Host', host]), { hosts })
    expect(['gateway.test', 'gateway.test:9', '[fd00::1]:3000'].map(reason)).toEqual([
      'local',
      'local',
      'local',
    ])
    for (const host of ['other.test', '[fd00::1]', '[fd00::2]:3000', '192.0.2.5:3000'])
      expect([host, reason(host)]).toEqual([host, 'host-not-local'])
  })
  test('our own address has to be that of Host too', () => {
    const own = { remoteAddress: '192.0.2.5', localAddress: '192.0.2.5' }
    const reason = (host: string): string => reasonOf(withHeaders(['Host', host], own), { ownAddresses: true })
    expect(['192.0.2.5', '192.0.2.6', '[::ffff:192.0.2.5]', 'a.test'].map(reason)).toEqual([
      'local', 'host-not-local', 'host-not-local', 'host-not-local',
    ])
    for (const options of [{}, { ownAddresses: true }])
      expect(readRequest(localityPolicy(options), withHeaders(['Host', '192.0.2.5'], { ...own, localAddress: options.ownAddresses ? null : '192.0.2.5' })).localHost).toBeNull()
  }) // prettier-ignore
  test('without an address of its own a client has none, whatever the facts say', () => {
    for (const transport of ['unix', 'private'] as const)
      expect(readRequest(localityPolicy(), facts({ transport })).clientAddress).toBeNull()
    expect(readRequest(localityPolicy({ trustProxy: ['loopback'] }), facts({ remoteAddress: null })).peerTrusted).toBe(false)
  }) // prettier-ignore
  test.each(['other-user', 'relay', 'unproven'] as const)('outbound: allow does not excuse %s', (status) => {
    expect(reasonOf(facts({ peer: { ...OURS, status } }), { outbound: 'allow' })).toMatch(/^peer-/)
  })
  test('beside the chain an IPv6 name is no name of the same letters', () => {
    const headers = ['Host', 'localhost', 'X-Forwarded-For', '::1', 'X-Forwarded-Port', '65535', 'X-Forwarded-Server', 'a', 'X-Forwarded-Host', 'localhost']
    const reason = (...more: string[]): string => reasonOf(withHeaders([...headers, ...more]), { trustProxy: ['loopback'] })
    expect(reason()).toBe('local')
    for (const name of ['X-Forwarded-Port', 'X-Forwarded-Server', 'X-Forwarded-Host'])
      expect([name, reason(name, headers[headers.indexOf(name) + 1] ?? '')]).toEqual([name, 'forwarding-conflict'])
  }) // prettier-ignore
})

test.each<[unknown, string]>([
  ['x', 'options: got "x", expected an object'],
  [null, 'options: got null, expected an object'],
  [{ forwardedBy: 'via' }, 'forwardedBy: got "via", expected "x-forwarded-for" or "forwarded"'],
  [{ allowedOrigins: ['x'] }, 'allowedOrigins: got "x", expected an origin as browsers write it, such as "https://app.example"'],
  [{ allowedOrigins: 1 }, 'allowedOrigins: got 1, expected a list'],
  [{ forwardingHeaders: ['a b'] }, 'forwardingHeaders: got "a b", expected a header name, or the beginning of one followed by *'],
  [{ forwardingHeaders: [undefined] }, 'forwardingHeaders: got undefined, expected text'],
  [{ hosts: ['a/b'] }, 'hosts: got "a/b", expected a name such as "gateway.test" or "gateway.test:3000"'],
  [{ peerUsers: ['1'] }, 'peerUsers: got "1", expected a numeric user id'],
  [{ peerUsers: [-1] }, 'peerUsers: got -1, expected a numeric user id'],
  [{ ownProcess: 'x' }, 'ownProcess: got "x", expected "allow" or "proof"'],
  [{ outbound: 'x' }, 'outbound: got "x", expected "allow" or "proof"'],
  [{ ownAddresses: 1 }, 'ownAddresses: got 1, expected true or false'],
  [{ dangerouslyTrustHeaders: 1 }, 'dangerouslyTrustHeaders: got 1, expected true or false'],
  [{ dangerouslyTrustHeaders: true, assurance: 'same-user' }, 'contradicts dangerouslyTrustHeaders; leave one of them out'],
])('the option %j is refused in words', (options, message) => {
  expect(() => localityPolicy(options as never)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(message) as unknown }))
}) // prettier-ignore

test('an option that does not exist is refused by its part', () => {
  expect(() => localityPolicy({ host: [] } as never)).toThrow(/locality.*did you mean hosts/s)
})
