import { describe, expect, it } from '@jest/globals'
import { ancestorSign } from '../../../lib/evidence/linux/ancestor-sign.ts'
import { outboundSign } from '../../../lib/evidence/linux/outbound-sign.ts'
import type { ProcessDescription } from '../../../lib/evidence/linux/proc-process.ts'
import { relaySign } from '../../../lib/evidence/linux/relay-signs.ts'
import { socketTable, type InetSocket, type Socket } from '../../../lib/evidence/linux/socket-table.ts'
import type { Surroundings } from '../../../lib/evidence/linux/surroundings.ts'

const PEER = 20
const OURS = 10

/** `tcp 127.0.0.1:3000 < 127.0.0.1:40000`: its own end first. */
function inet(kind: InetSocket['kind'], local: string, remote: string, inode: number, state = 1): InetSocket {
  const end = (text: string): [string, number] => {
    const colon = text.lastIndexOf(':')
    return [text.slice(0, colon), Number(text.slice(colon + 1))]
  }
  const [[localAddress, localPort], [remoteAddress, remotePort]] = [end(local), end(remote)]
  return { kind, localAddress, localPort, remoteAddress, remotePort, state, uid: 1000, inode }
}
const listener = (local: string, inode: number): InetSocket => inet('tcp', local, '0.0.0.0:0', inode, 10)
const unix = (path: string, inode: number, listening = false, stream = true): Socket => ({
  kind: 'unix',
  path,
  inode,
  listening,
  stream,
})

const own = inet('tcp', '127.0.0.1:3000', '127.0.0.1:40000', OURS)
const peer = inet('tcp', '127.0.0.1:40000', '127.0.0.1:3000', PEER)

function around(sockets: readonly Socket[], ownInodes: readonly number[] = [OURS, 11]): Surroundings {
  return {
    table: socketTable([listener('127.0.0.1:3000', 11), own, peer, ...sockets]),
    ownInodes: new Set(ownInodes),
    isOnHost: (address) => address.startsWith('127.') || address === '::1' || address === '10.77.0.1',
    isEphemeral: (port) => port >= 32768 && port <= 60999,
  }
}

function holding(
  links: readonly (number | string)[],
  change: Partial<ProcessDescription> = {},
): ProcessDescription {
  const descriptors = [PEER, ...links].map((link) => ({
    link: typeof link === 'number' ? `socket:[${link}]` : link,
    plainRing: false,
  }))
  return {
    pid: 12,
    comm: 'tool',
    program: 'tool',
    parent: 1,
    session: 12,
    startTime: '1',
    uids: [1000],
    descriptors,
    ...change,
  }
}

const client = inet('tcp', '127.0.0.1:8080', '127.0.0.1:50000', 30)
const database = inet('tcp', '127.0.0.1:50001', '127.0.0.1:5432', 31)

describe('signs of a relay in what a process holds', () => {
  // prettier-ignore
  it.each<[string, Socket[], (number | string)[], RegExp | null]>([
    ['nothing else', [], [], null],
    ['files, pipes and events', [], ['/dev/null', 'pipe:[9]', 'anon_inode:[eventpoll]', '/tmp/x'], null],
    ['a listener', [listener('0.0.0.0:8080', 30)], [30], /^listens on 0\.0\.0\.0:8080$/],
    ['a listener on loopback', [listener('127.0.0.1:8080', 30)], [30], /^listens on 127\.0\.0\.1:8080$/],
    ['an IPv6 listener', [listener(':::8080', 30)], [30], /^listens on \[::\]:8080$/],
    ['our own listener, inherited', [], [11], null],
    ['another listener on our port', [listener('127.0.0.1:3000', 30)], [30], /^listens on/],
    ['a client of its listener', [client, listener('127.0.0.1:8080', 39)], [30], /^accepted a connection from 127\.0\.0\.1 on port 8080$/],
    ['a client whose listener is on another address', [client, listener(':::8080', 39)], [30], /^accepted/],
    ['a client from elsewhere, its listener closed', [inet('tcp', '10.77.0.1:8080', '10.77.0.2:50000', 30)], [30], /^accepted a connection from 10\.77\.0\.2/],
    ['a client on loopback, its listener closed', [client], [30], /^may have accepted/],
    ['a client of an ephemeral listener that is closed', [inet('tcp', '127.0.0.1:45000', '127.0.0.1:50000', 30)], [30], /^may have accepted/],
    ['a client that is closing', [inet('tcp', '127.0.0.1:8080', '127.0.0.1:50000', 30, 8), listener('0.0.0.0:8080', 39)], [30], /^accepted/],
    ['a connection to a local service', [database, listener('127.0.0.1:5432', 39)], [31], null],
    ['a connection to a service on an ephemeral port', [inet('tcp', '127.0.0.1:50001', '127.0.0.1:45000', 31), listener('127.0.0.1:45000', 39)], [31], null],
    ['a connection to a service that stopped listening', [database], [31], null],
    ['another connection to us after we stopped listening', [inet('tcp', '127.0.0.1:45000', '127.0.0.1:50001', OURS), inet('tcp', '127.0.0.1:50001', '127.0.0.1:45000', 31)], [31], null],
    ['a connection to another machine', [inet('tcp', '10.77.0.1:50000', '10.77.0.2:443', 31)], [31], null],
    ['a Unix listener', [unix('/run/x', 30, true)], [30], /^listens on the Unix socket \/run\/x$/],
    ['a Unix listener without a name', [unix('', 30, true)], [30], /^listens on the Unix socket/],
    ['a client of a Unix listener', [unix('/run/x', 30)], [30], /Unix socket \/run\/x/],
    ['a pair of Unix sockets', [unix('', 30)], [30], null],
    ['a Unix socket for datagrams', [unix('/run/x', 30, false, false)], [30], null],
    ['a path with an escape sequence', [unix('/run/\u001b[2J', 30, true)], [30], /^[^\u001b]*$/],
    ['datagrams from anywhere', [inet('udp', '0.0.0.0:443', '0.0.0.0:0', 30, 7)], [30], /^takes datagrams on 0\.0\.0\.0:443$/],
    ['datagrams from anywhere over IPv6', [inet('udp', ':::443', ':::0', 30, 7)], [30], /^takes datagrams/],
    ['datagrams on an outer address', [inet('udp', '10.77.0.1:443', '0.0.0.0:0', 30, 7)], [30], /^takes datagrams/],
    ['datagrams on loopback', [inet('udp', '127.0.0.1:443', '0.0.0.0:0', 30, 7)], [30], null],
    ['datagrams with one partner', [inet('udp', '127.0.0.1:50000', '127.0.0.53:53', 30)], [30], null],
    ['a raw socket', [inet('raw', '0.0.0.0:1', '0.0.0.0:0', 30, 7)], [30], /^holds a raw socket$/],
    ['a packet socket', [{ kind: 'packet', inode: 30 }], [30], /^holds a packet socket$/],
    ['a netlink socket', [{ kind: 'netlink', inode: 30 }], [30], null],
    ['a socket that is in no table', [], [30], /^holds a socket of an unknown kind or place$/],
    ['two sockets behind one descriptor', [database, listener('127.0.0.1:5432', 39), { ...client, inode: 31 }, listener('0.0.0.0:8080', 38)], [31], /^accepted/],
    ['a tunnel', [], ['/dev/net/tun'], /^holds \/dev\/net\/tun$/],
    ['a tunnel through a bridge', [], ['/dev/tap3'], /^holds/],
    ['a virtual machine', [], ['anon_inode:kvm-vm'], /^holds/],
    ['the hypervisor', [], ['/dev/kvm'], /^holds/],
    ['a virtual network card', [], ['/dev/vhost-net'], /^holds/],
    ['a socket to the hypervisor', [], ['/dev/vsock'], /^holds/],
    ['a device that is gone', [], ['/dev/net/tun (deleted)'], /^holds/],
    ['a file that is only called so', [], ['/tmp/dev/net/tun'], null],
    ['an io_uring that may hide sockets', [], ['anon_inode:[io_uring]'], /io_uring/],
  ])('%s', (_title, sockets, links, expected) => {
    const sign = relaySign(holding(links), around(sockets), PEER)
    if (expected === null) expect(sign).toBeNull()
    else expect(sign?.text).toMatch(expected)
  })

  it('an io_uring that hides nothing', () => {
    const descriptors = [{ link: 'anon_inode:[io_uring]', plainRing: true }]
    expect(relaySign({ ...holding([]), descriptors }, around([]), PEER)).toBeNull()
  })

  it('a certain sign comes before a doubtful one', () => {
    const sign = relaySign(holding([30, 31]), around([listener('0.0.0.0:8080', 31)]), PEER)
    expect(sign).toMatchObject({ text: 'listens on 0.0.0.0:8080', doubt: null })
  })

  it.each([
    ['comm', { comm: 'nginx' }],
    ['program', { program: 'socat' }],
    ['a cut name', { comm: 'sshd-session' }],
  ])('its name: %s', (_title, change) => {
    expect(relaySign(holding([], change), around([]), PEER)?.text).toMatch(/^is the relay /)
  })

  it('a browser may take mDNS, and nothing else', () => {
    const mdns = inet('udp', '0.0.0.0:5353', '0.0.0.0:0', 30, 7)
    const other = inet('udp', '0.0.0.0:5354', '0.0.0.0:0', 30, 7)
    expect(relaySign(holding([30], { comm: 'chrome' }), around([mdns]), PEER)).toBeNull()
    expect(relaySign(holding([30], { comm: 'chrome' }), around([other]), PEER)).not.toBeNull()
    expect(relaySign(holding([30]), around([mdns]), PEER)).not.toBeNull()
  })
})

describe('signs in an ancestor', () => {
  // prettier-ignore
  it.each<[string, Socket[], number[], RegExp | null]>([
    ['nothing', [], [], null],
    ['a listener for everybody', [listener('0.0.0.0:80', 30)], [30], /^parent tool \(pid 12\) listens on 0\.0\.0\.0:80$/],
    ['a listener for everybody over IPv6', [listener(':::80', 30)], [30], /listens on \[::\]:80$/],
    ['a listener on an outer address', [listener('10.77.0.1:80', 30)], [30], /listens on 10\.77\.0\.1:80$/],
    ['a listener on loopback', [listener('127.0.0.1:80', 30)], [30], null],
    ['a client from elsewhere', [inet('tcp', '10.77.0.1:80', '10.77.0.2:50000', 30)], [30], /accepted a connection from 10\.77\.0\.2 on port 80$/],
    ['a client from elsewhere at its listener', [inet('tcp', '10.77.0.1:45000', '10.77.0.2:50000', 30), listener('0.0.0.0:45000', 39)], [30], /accepted/],
    ['a client on loopback', [client, listener('127.0.0.1:8080', 39)], [30], null],
    ['a connection to another machine', [inet('tcp', '10.77.0.1:50000', '10.77.0.2:443', 30)], [30], null],
    ['datagrams from anywhere', [inet('udp', '0.0.0.0:443', '0.0.0.0:0', 30, 7)], [30], null],
    ['a socket that is in no table', [], [30], null],
  ])('%s', (_title, sockets, links, expected) => {
    const text = ancestorSign(holding(links), true, around(sockets))
    if (expected === null) expect(text).toBeNull()
    else expect(text).toMatch(expected)
  })

  it('its name is cleaned, and does not count', () => {
    expect(ancestorSign(holding([], { comm: 'sshd' }), true, around([]))).toBeNull()
    const text = ancestorSign(
      holding([30], { comm: 'a\u001bb', program: null }),
      false,
      around([listener('0.0.0.0:80', 30)]),
    )
    expect(text).toBe('ancestor a?b (pid 12) listens on 0.0.0.0:80')
  })
})

describe('connections to other machines', () => {
  // prettier-ignore
  it.each<[string, Socket[], number[], RegExp | null]>([
    ['none', [], [], null],
    ['one', [inet('tcp', '10.77.0.1:50000', '10.77.0.2:443', 30)], [30], /^is connected to 10\.77\.0\.2:443$/],
    ['one over IPv6', [inet('tcp', '2001:db8::1:50000', '2001:db8::2:443', 30)], [30], /^is connected to \[2001:db8::2\]:443$/],
    ['one in the making', [inet('tcp', '10.77.0.1:50000', '10.77.0.2:443', 30, 2)], [30], /^is connected/],
    ['datagrams', [inet('udp', '10.77.0.1:50000', '10.77.0.2:53', 30)], [30], /^is connected to 10\.77\.0\.2:53$/],
    ['to this host by its outer address', [inet('tcp', '10.77.0.1:50000', '10.77.0.1:443', 30), inet('tcp', '10.77.0.1:443', '10.77.0.1:50000', 31)], [30], null],
    ['to a local address that leads elsewhere', [inet('tcp', '127.0.0.1:50000', '127.0.0.1:443', 30)], [30], /leads elsewhere$/],
    ['to a local service that is closing', [inet('tcp', '127.0.0.1:50000', '127.0.0.1:443', 30, 8)], [30], null],
    ['a listener', [listener('0.0.0.0:80', 30)], [30], null],
  ])('%s', (_title, sockets, links, expected) => {
    const sign = outboundSign(holding(links), around(sockets), PEER)
    if (expected === null) expect(sign).toBeNull()
    else expect(sign?.text).toMatch(expected)
  })

  it('of a browser do not count', () => {
    const sockets = [inet('tcp', '10.77.0.1:50000', '10.77.0.2:443', 30)]
    expect(outboundSign(holding([30], { program: 'firefox-bin' }), around(sockets), PEER)).toBeNull()
  })
})
