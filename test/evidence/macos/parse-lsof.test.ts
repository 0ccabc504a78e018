import { describe, expect, it } from '@jest/globals'
import { listedSocket } from '../../../lib/evidence/macos/listed-socket.ts'
import { parseLsof } from '../../../lib/evidence/macos/parse-lsof.ts'
import { parsePs } from '../../../lib/evidence/macos/parse-ps.ts'
import { PS } from './listings.ts'

const file = { type: 'IPv4', protocol: 'TCP', device: '0x1', inode: '', name: '', state: '' }

describe('parseLsof', () => {
  it('reads processes and their files', () => {
    const text =
      'p12\ncnode\nu501\nf3\ntIPv4\nd0xa\nPTCP\nn*:80\nTST=LISTEN\nTQR=0\nf4\ntunix\nd0xb\nn/a b\np13\ncx\nu0\n'
    expect(parseLsof(text)).toEqual([
      {
        pid: 12,
        command: 'node',
        uid: 501,
        files: [
          { type: 'IPv4', protocol: 'TCP', device: '0xa', inode: '', name: '*:80', state: 'LISTEN' },
          { type: 'unix', protocol: '', device: '0xb', inode: '', name: '/a b', state: '' },
        ],
      },
      { pid: 13, command: 'x', uid: 0, files: [] },
    ])
    expect(parseLsof('p1\ncGoogle\\x20Chrome\\x20H\nu0\n')[0]?.command).toBe('Google Chrome H')
    expect(parseLsof('')).toEqual([])
  })

  it.each([
    ['is cut short', 'p12\ncnode\nu501\nf3\ntIP'],
    ['does not begin with a process', 'f3\ntIPv4\n'],
    ['has a field of no file', 'p12\ntIPv4\n'],
    ['has an unknown field', 'p12\nf3\nz9\n'],
    ['has an empty line', 'p12\n\nf3\n'],
    ['has a pid that is none', 'pabc\n'],
    ['has a user that is none', 'p12\nume\n'],
  ])('throws when the output %s', (_title, text) => {
    expect(() => parseLsof(text)).toThrow('cannot be read')
  })
})

describe('listedSocket', () => {
  it.each([
    [
      '*:80',
      'LISTEN',
      { localAddress: '0.0.0.0', localPort: 80, remoteAddress: '0.0.0.0', remotePort: 0, state: 10 },
    ],
    [
      '127.0.0.1:5->10.0.0.1:6',
      'ESTABLISHED',
      { localAddress: '127.0.0.1', localPort: 5, remoteAddress: '10.0.0.1', remotePort: 6, state: 1 },
    ],
    [
      '[::ffff:127.0.0.1]:5->[::1]:6',
      'CLOSE_WAIT',
      { localAddress: '127.0.0.1', localPort: 5, remoteAddress: '::1', remotePort: 6, state: 7 },
    ],
    ['*:*', 'CLOSED', { localAddress: '0.0.0.0', localPort: 0, remotePort: 0, state: 7 }],
    ['[odd]:99', 'LISTEN', { localAddress: '::', localPort: 99, state: 10 }],
  ])('reads %s', (name, state, expected) => {
    // prettier-ignore
    expect(listedSocket({ ...file, name, state }, 501, 7)).toMatchObject({ kind: 'tcp', uid: 501, inode: 7, ...expected })
  })

  it.each([
    ['a name that is none', { name: 'no PCB', state: '' }],
    ['an address that is none', { name: '1.2.3:80->127.0.0.1:5' }],
    ['a listener without a port', { name: 'nowhere', state: 'LISTEN' }],
    ['another kind of file', { type: 'systm', name: '[ctl com.apple.net.utun_control id 7 unit 1]' }],
  ])('knows nothing of %s', (_title, change) => {
    expect(listedSocket({ ...file, ...change }, 501, 7)).toBeNull()
  })

  it.each([
    ['->0x123', '', { listening: false, path: '' }],
    ['', '', { listening: false, path: '' }],
    ['/tmp/a b', '', { listening: true, stream: true, path: '/tmp/a b' }],
    ['@x type=STREAM', 'LISTEN', { listening: true, stream: true, path: '@x' }],
    ['/x type=STREAM', 'CONNECTED', { listening: false, stream: true, path: '/x' }],
    ['/x type=DGRAM', '', { listening: false, stream: false, path: '/x' }],
    ['type=STREAM', 'CONNECTED', { listening: false, stream: true, path: '' }],
    ['/type=STREAM/x', '', { listening: true, path: '/type=STREAM/x' }],
  ])('reads the Unix socket %j %s', (name, state, expected) => {
    expect(listedSocket({ ...file, type: 'unix', name, state }, 501, 7)).toMatchObject({
      kind: 'unix',
      ...expected,
    })
  })

  it('takes every other protocol for a raw socket', () => {
    expect(listedSocket({ ...file, protocol: 'ICMP', name: '*:*' }, 501, 7)).toMatchObject({ kind: 'raw' })
  })
})

describe('parsePs', () => {
  it('reads what can be read', () => {
    const processes = parsePs(PS)
    expect(processes.size).toBe(14)
    expect(processes.get(7003)).toEqual({
      pid: 7003,
      parent: 641,
      uids: [501, 501, 501],
      terminal: 'ttys002',
      startTime: 'Mon Nov 23 09:01:01 2026',
      program: 'My Tool',
    })
  })
})
