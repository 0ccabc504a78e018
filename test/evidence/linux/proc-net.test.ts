import { endianness } from 'node:os'
import { describe, expect, it } from '@jest/globals'
import {
  parseInetSockets,
  parseKernelSockets,
  parseUnixSockets,
} from '../../../lib/evidence/linux/proc-net.ts'
import { socketTable } from '../../../lib/evidence/linux/socket-table.ts'

const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n'
const REST = '1 00000000e16bf9d7 20 4 30 10 -1'

function row(local: string, remote: string, state: string, uid: number, inode: number): string {
  return `  12: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000 ${String(uid).padStart(5)}        0 ${inode} ${REST}\n`
}

// What was recorded is little-endian, as nearly every machine is.
const onLittleEndian = endianness() === 'LE' ? describe : describe.skip

onLittleEndian('the tables of the kernel', () => {
  it('reads a listener, an established connection and one that is closing', () => {
    const text =
      HEAD +
      row('00000000:07E8', '00000000:0000', '0A', 0, 1075) +
      row('0100007F:0BB8', '0100007F:A001', '01', 1000, 4711) +
      row('0100007F:A001', '0100007F:0BB8', '05', 0, 0)
    expect(parseInetSockets(text, 'tcp')).toMatchObject([
      { localAddress: '0.0.0.0', localPort: 2024, remotePort: 0, state: 10, uid: 0, inode: 1075 },
      { localAddress: '127.0.0.1', localPort: 3000, remotePort: 40961, state: 1, uid: 1000, inode: 4711 },
      { remoteAddress: '127.0.0.1', remotePort: 3000, state: 5, uid: 0, inode: 0 },
    ])
  })

  it('writes IPv4-mapped addresses of tcp6 as IPv4, and IPv6 canonically', () => {
    const text =
      HEAD +
      row('0000000000000000FFFF00000100007F:0BB8', '0000000000000000FFFF000007080A7F:A001', '01', 0, 1) +
      row('00000000000000000000000001000000:0BB8', 'B80D0120000000000000000001000000:A001', '01', 0, 2) +
      row('00000000000000000000000000000000:0BB8', '00000000000000000000000000000000:0000', '0A', 0, 3)
    expect(parseInetSockets(text, 'tcp')).toMatchObject([
      { localAddress: '127.0.0.1', remoteAddress: '127.10.8.7' },
      { localAddress: '::1', remoteAddress: '2001:db8::1' },
      { localAddress: '::', remoteAddress: '::' },
    ])
  })

  it('folds a row that was printed twice, and keeps two sockets apart', () => {
    const again = row('0100007F:A001', '0100007F:0BB8', '01', 1000, 7)
    const other = row('0100007F:A001', '0100007F:0BB8', '01', 1000, 8)
    const ends = ['127.0.0.1', 40961, '127.0.0.1', 3000] as const
    expect(socketTable(parseInetSockets(HEAD + again + again, 'tcp')).byEnds(...ends)).toHaveLength(1)
    expect(socketTable(parseInetSockets(HEAD + again + other + again, 'tcp')).byEnds(...ends)).toHaveLength(2)
  })

  it('reads rows of more than five digits, and nothing from an empty table', () => {
    const text =
      HEAD + row('0100007F:A001', '0100007F:0BB8', '01', 4294967294, 4294967295).replace('  12:', '123456:')
    expect(parseInetSockets(text, 'udp')).toMatchObject([{ kind: 'udp', uid: 4294967294, inode: 4294967295 }])
    expect(parseInetSockets(HEAD, 'tcp')).toEqual([])
    expect(parseInetSockets('', 'tcp')).toEqual([])
  })

  it.each([
    ['a row that was cut', row('0100007F:A001', '0100007F:0BB8', '01', 1000, 7).slice(0, 80)],
    ['an address of another length', row('01007F:A001', '0100007F:0BB8', '01', 1000, 7)],
    ['something else', 'what is this\n'],
  ])('refuses the whole table for %s', (_title, text) => {
    expect(() => parseInetSockets(HEAD + text, 'tcp')).toThrow(/cannot be read/)
  })

  it('reads Unix sockets with their paths', () => {
    const text = `Num       RefCount Protocol Flags    Type St Inode Path
00000000decbabbc: 00000003 00000000 00000000 0001 03  1071
00000000089b6ce7: 00000002 00000000 00010000 0001 01 11486 /run/a b.sock
00000000089b6ce8: 00000003 00000000 00000000 0005 03 11487 @hidden
00000000089b6ce9: 00000002 00000000 00000000 0002 01 11488 /dev/log
`
    expect(parseUnixSockets(text)).toEqual([
      { kind: 'unix', listening: false, stream: true, path: '', inode: 1071 },
      { kind: 'unix', listening: true, stream: true, path: '/run/a b.sock', inode: 11486 },
      { kind: 'unix', listening: false, stream: true, path: '@hidden', inode: 11487 },
      { kind: 'unix', listening: false, stream: false, path: '/dev/log', inode: 11488 },
    ])
  })

  it('passes over the rest of a path with a line feed', () => {
    const text = 'Num\n00000000089b6ce7: 00000002 00000000 00010000 0001 01 11486 /run/a\nb.sock\n'
    expect(parseUnixSockets(text)).toMatchObject([{ inode: 11486, path: '/run/a' }])
  })

  it('reads netlink and packet sockets', () => {
    const netlink =
      'sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode\n00000000ec9d8ed4 0 0 00000000 0 0 0 2 0 4       \n'
    expect(parseKernelSockets(netlink, 'netlink')).toEqual([{ kind: 'netlink', inode: 4 }])
    const packet =
      'sk       RefCnt Type Proto  Iface R Rmem   User   Inode\n00000000ec9d8ed4 3 3 0003 0 1 0 0 21570\n'
    expect(parseKernelSockets(packet, 'packet')).toEqual([{ kind: 'packet', inode: 21570 }])
  })
})
