import { describe, expect, test } from '@jest/globals'
import { fieldClassifier } from '../../lib/locality/forwarding-headers.ts'
import { parseHost } from '../../lib/locality/host.ts'
import { isRelayProgram } from '../../lib/locality/relays.ts'
import { compileTrustList } from '../../lib/locality/trust-list.ts'

const FORWARDING = [
  'Forwarded', 'Via', 'X-Varnish', 'Surrogate-Capability', 'X-Host', 'X-Client-IP', 'X-Cluster-Client-IP', 'Client-IP',
  'True-Client-IP', 'CDN-Loop', 'X-Amzn-Trace-Id', 'X-Forwarded', 'X-Forwarded-For', 'X-Real-IP', 'CF-Ray', 'Fastly-SSL',
  'Fly-Region', 'X-Envoy-Peer', 'X-Original-URL', 'X-Azure-Ref', 'X-Appengine-City', 'X-Vercel-Id', 'Tailscale-User',
  'ngrok-skip', 'X-ProxyUser-Ip', 'WL-Proxy-SSL', 'X-Originating-IP', 'DO-Connecting-IP', 'Remote-Addr', 'ClientIP',
  'Client-Connection-IP', 'Source-Address', 'X-Peer-Addr', 'Visitor-IP', 'X-Coming-From', 'RemoteAddr',
] // prettier-ignore
const LOOK_ALIKES = [
  'xforwardedfor', 'HTTP-X-Forwarded-For', 'ForwardedFor', 'Forwarded-Host', 'ForwardedProto', 'x-realip', 'xclientip',
  'trueclientip', '+via', 'via+', 'HTTP_VIA', ' host', 'host ', '!Origin!', 'connection\t', ' :authority ', '-x-varnish-',
  ' sec-fetch-site', '~cdn-loop', 'X-Cluster-Client-IP!', 'For_Warded', 'http-forwarded',
] // prettier-ignore
const OTHER = [
  'Accept', 'X-Viaduct', 'Trivia', 'ip', 'Client', 'Clientipx', 'IP-Client', 'Forwarder', 'X-Hosting', 'myvia', 'aforwarded',
  'hosts', 'Ghost', 'X-Clientip-Policy', 'Xrealipx', 'Trueclientipx', 'Axforwarded', 'X-Ip-Address', 'forwardedforx', '(accept)', '!!!', '---', '',
] // prettier-ignore

describe('what a field name means', () => {
  const classify = fieldClassifier([])
  test.each(FORWARDING)('%s is written by proxies', (name) => {
    expect(classify(name)).toEqual({ kind: 'forwarding', name: name.toLowerCase(), exact: true })
    expect(classify(name.replaceAll('-', '_'))).toMatchObject({
      kind: 'forwarding',
      exact: !name.includes('-'),
    })
  })
  test.each(LOOK_ALIKES)('%j reads like one to somebody', (name) => {
    expect(classify(name)).toEqual({ kind: 'look-alike', name: name.toLowerCase(), exact: false })
  })
  test.each(OTHER)('%s does not', (name) => {
    expect(classify(name)).toMatchObject({ kind: 'other', name: name.toLowerCase() })
  })
  test.each(['X-Forwarded-For ', 'X-Forwarded-For-', 'X-Forwarded-(For)', 'X-Forwarded-For\u00e9', '\u00e9X-Client-IP', 'CF.Ray'])(
    '%j is not spelt as proxies spell it',
    (name) => {
      expect(classify(name).exact).toBe(false)
    },
  ) // prettier-ignore
  test('own names stand for themselves, and for others only with a star', () => {
    const own = fieldClassifier(['X-Mine', '*odd', 'X-Ours-*'])
    const kinds = ['x-mine', 'x_mine', 'x-mine-too', 'x-ours-a', 'x.ours.b', 'x-our', 'accept'].map((name) => own(name).kind)
    expect(kinds).toEqual(['forwarding', 'forwarding', 'other', 'forwarding', 'forwarding', 'other', 'other'])
  }) // prettier-ignore
})

describe('programs that pass connections on', () => {
  const PROGRAMS =
    'sshd ssh dropbear nginx haproxy caddy apache2 httpd traefik envoy varnishd squid cloudflared ngrok frpc frps tailscaled socat stunnel stunnel4 kubectl docker-proxy rootlessport slirp4netns pasta code-tunnel'
  test.each(PROGRAMS.split(' '))('%s, and what is built on it', (name) => {
    for (const program of [name, name.toUpperCase(), `${name}-x`, `${name}_x`, `${name}.x`, `${name}-a-b`])
      expect([program, isRelayProgram(program)]).toEqual([program, true])
    for (const program of [`x${name}`, `${name}q`, `x-${name}`, `${name} x`])
      expect([program, isRelayProgram(program)]).toEqual([program, false])
  })
  test.each(['', '-', '-nginx', 'curl', 'node'])('%j is none', (name) => {
    expect(isRelayProgram(name)).toBe(false)
  })
})

describe('ranges with a name', () => {
  test.each([
    ['loopback', ['127.0.0.1', '127.255.255.255', '::1'], ['126.255.255.255', '128.0.0.0', '::2']],
    [
      'linklocal',
      ['169.254.0.0', '169.254.255.255', 'fe80::1'],
      ['169.253.255.255', '169.255.0.0', 'fd00::1'],
    ],
    [
      'uniquelocal',
      [
        '10.0.0.0',
        '10.255.255.255',
        '172.16.0.0',
        '172.31.255.255',
        '192.168.0.0',
        '192.168.255.255',
        'fd00::1',
      ],
      [
        '9.255.255.255',
        '11.0.0.0',
        '172.15.255.255',
        '172.32.0.0',
        '192.167.255.255',
        '192.169.0.0',
        'fe80::1',
      ],
    ],
    ['192.0.2.7', ['192.0.2.7'], ['192.0.2.6', '0.0.0.0', '::']],
    ['fd00::/8', ['fd00::1', 'fdff::'], ['fe00::', '0.0.0.0', '253.0.0.0', '255.255.255.255']],
    ['::ffff:192.0.2.0/120', ['192.0.2.0', '192.0.2.255'], ['192.0.3.0']],
  ])('%s', (name, inside, outside) => {
    const trusts = compileTrustList([name])
    for (const address of [...inside, ...inside]) expect([address, trusts(address)]).toEqual([address, true])
    for (const address of [...outside, ...outside])
      expect([address, trusts(address)]).toEqual([address, false])
  })
  test.each(['10.0.0.0/8x', '10.0.0.0/x8', '10.0.0.0/08', '10.0.0.0/', '10.0.0.0/33', 'fd00::/129', '10.0.0.0/7', 'f000::/6', '::/80', '10.0.0.0/8/8'])(
    '%s is refused',
    (entry) => {
      expect(() => compileTrustList([entry])).toThrow(entry)
    },
  ) // prettier-ignore
  test('a refusal names the names that there are', () => {
    expect(() => compileTrustList(['localnet'])).toThrow('one of loopback, linklocal, uniquelocal')
  })
})

describe('a Host', () => {
  test.each([
    ['localhost:65535', 65535], ['localhost:1', 1], ['localhost', null], ['[::1]:65535', 65535], ['[::1]', null],
  ])('%s', (text, port) => {
    expect(parseHost(text)).toMatchObject({ port, isLoopback: true })
  }) // prettier-ignore
  test.each([
    'localhost:65536', 'localhost:0', 'localhost:', 'localhost:080', 'localhost:8 ', '[::1', '[::1%lo]', '::1', '[]', '[127.0.0.1]',
    '[::1]8080', '[::1]x80', '[fe80::1%1]:80', '[', '[::1:80', `${'a.'.repeat(126)}aa`, 'a'.repeat(64), '', ':80',
  ])('%j is none', (text) => {
    expect(parseHost(text)).toBeNull()
  }) // prettier-ignore
  test('of the longest name and the longest port', () => {
    const name = `${'a.'.repeat(126)}a`
    expect(parseHost(`${name}:65535`)).toMatchObject({ name, port: 65535, isIPv6: false })
    expect(parseHost('[FD00::A]')).toMatchObject({ name: 'fd00::a', isIPv6: true, isLoopback: false })
  })
})
