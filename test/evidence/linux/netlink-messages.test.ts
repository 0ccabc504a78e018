import { endianness } from 'node:os'
import { describe, expect, it } from '@jest/globals'
import {
  exactRequest,
  probeRequest,
  readProbe,
  readSocket,
  type SocketEnds,
} from '../../../lib/evidence/linux/netlink-messages.ts'

const onLittle = endianness() === 'LE' ? describe : describe.skip
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex')
const ends: SocketEnds = { localAddress: '127.9.8.7', localPort: 4747, remoteAddress: '127.0.0.1', remotePort: 50000 } // prettier-ignore
const mapped = (address: string): string => `00000000 00000000 0000ffff ${address}`

/** An answer of the kernel with these parts changed. */
function reply({
  family = '02',
  state = '01',
  local = '7f090807',
  remote = '7f000001',
  port = '128b',
  sequence = '07000000',
} = {}): Buffer {
  // prettier-ignore
  const address = (text: string): string => hex(text).toString('hex').padEnd(32, '0')
  return hex(`58000000 1400 0000 ${sequence} 00000000
    ${family}${state}0000 ${port}c350 ${address(local)} ${address(remote)} 00000000 0100000000000000
    00000000 00000000 00000000 e8030000 39300000`)
}

onLittle('netlink messages', () => {
  it('ask for one IPv4 connection', () => {
    expect(exactRequest(ends, 7).toString('hex')).toBe(
      hex(`48000000 1400 0100 07000000 00000000  02060000 ffffffff
        128b c350 7f090807 000000000000000000000000 7f000001 000000000000000000000000 01000000 ffffffffffffffff`).toString('hex'), // prettier-ignore
    )
  })

  it('ask for one IPv6 connection', () => {
    const request = exactRequest({ ...ends, localAddress: '::1', remoteAddress: 'fd00::2' }, 7)
    expect(request[16]).toBe(10)
    expect(request.subarray(28, 60).toString('hex')).toBe(
      '00'.repeat(15) + '01' + 'fd' + '00'.repeat(14) + '02',
    )
  })

  it('tell the socket that was asked for', () => {
    const expected = { kind: 'tcp', ...ends, state: 1, uid: 1000, inode: 12345 }
    expect(readSocket(reply(), 7, ends)).toEqual(expected)
    const dualStack = { family: '0a', local: mapped('7f090807'), remote: mapped('7f000001') }
    expect(readSocket(reply(dualStack), 7, ends)).toEqual(expected)
  })

  it.each([
    ['a listener that would take the connection', { state: '0a', local: '00000000', remote: '00000000' }],
    ['a socket with another local port', { port: '128c' }],
    ['a socket with another local address', { local: '7f000001' }],
    ['a socket with another remote address', { remote: '7f000002' }],
  ])('take %s for none', (_title, change) => {
    expect(readSocket(reply(change), 7, ends)).toBeNull()
  })

  it('tell that there is none', () => {
    expect(readSocket(hex('14000000 0200 0000 07000000 00000000 feffffff'), 7, ends)).toBeNull()
  })

  it.each<[string, Buffer]>([
    ['another failure than that', hex('14000000 0200 0000 07000000 00000000 ffffffff')],
    ['a failure without its number', hex('10000000 0200 0000 07000000 00000000')],
    ['an answer to another question', reply({ sequence: '08000000' })],
    ['an answer cut short', reply().subarray(0, 80)],
    ['a message that is too short for a socket', Buffer.concat([hex('54000000'), reply().subarray(4, 84)])],
    ['a length that is too short for a message', hex('0f000000 1400 0000 07000000 00000000')],
    ['half a header', hex('10000000 1400')],
    ['nothing', Buffer.alloc(0)],
    ['an unknown family', reply({ family: '01' })],
    ['an unknown message', hex('10000000 0300 0000 07000000 00000000')],
  ])('do not accept %s', (_title, answer) => {
    expect(() => readSocket(answer, 7, ends)).toThrow('cannot be read')
  })

  it('ask whether anything can be asked', () => {
    expect(probeRequest(7).subarray(0, 24).toString('hex')).toBe(
      hex('48000000 1400 0103 07000000 00000000 02060000 00000000').toString('hex'),
    )
    const done = '14000000 0300 0200 07000000 00000000 00000000'
    expect(() => readProbe(hex(done), 7)).not.toThrow()
    expect(() => readProbe(hex(done), 8)).toThrow()
    // No module for TCP sockets.
    expect(() => readProbe(hex('14000000 0200 0000 07000000 00000000 feffffff'), 7)).toThrow()
  })
})
