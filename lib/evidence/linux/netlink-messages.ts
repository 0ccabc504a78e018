import { endianness } from 'node:os'
import { isIPv4 } from 'node:net'
import { canonicalAddress, ipv6Groups } from '../../locality/address.ts'
import type { InetSocket } from './socket-table.ts'

/** Two ends of a TCP connection as the socket asked about sees them. Addresses are canonical text. */
export type SocketEnds = Pick<InetSocket, 'localAddress' | 'localPort' | 'remoteAddress' | 'remotePort'>

const SOCK_DIAG_BY_FAMILY = 20
const NLMSG_ERROR = 2
const NLMSG_DONE = 3
const NLM_F_REQUEST = 1
const NLM_F_DUMP = 0x300
const AF_INET = 2
const AF_INET6 = 10
const IPPROTO_TCP = 6
const ENOENT = 2
const ANY_STATE = 0xffffffff
/** In every network namespace. Matches sockets that are bound to that interface, and those bound to none. */
const LOOPBACK_INTERFACE = 1
const HEADER = 16
const REQUEST = HEADER + 56
const MESSAGE = 72

const isLittle = endianness() === 'LE'

/** An inet_diag_req_v2 for the one TCP socket with exactly these ends (sock_diag(7)). */
export function exactRequest(ends: SocketEnds, sequence: number): Buffer {
  const isV4 = isIPv4(ends.localAddress) && isIPv4(ends.remoteAddress)
  const request = header(isV4 ? AF_INET : AF_INET6, NLM_F_REQUEST, sequence, ANY_STATE)
  const id = request.subarray(HEADER + 8)
  id.writeUInt16BE(ends.localPort, 0)
  id.writeUInt16BE(ends.remotePort, 2)
  writeAddress(id.subarray(4, 20), ends.localAddress, isV4)
  writeAddress(id.subarray(20, 36), ends.remoteAddress, isV4)
  writeUInt32(id, LOOPBACK_INTERFACE, 36)
  id.fill(0xff, 40, 48) // no cookie
  return request
}

/** Asks for all sockets in no state: answered at once by a kernel that can be asked at all. */
export function probeRequest(sequence: number): Buffer {
  return header(AF_INET, NLM_F_REQUEST | NLM_F_DUMP, sequence, 0)
}

/** Throws unless this is the empty answer to `probeRequest`. */
export function readProbe(reply: Buffer, sequence: number): void {
  const { type } = openReply(reply, sequence)
  if (type !== NLMSG_DONE) fail()
}

/**
 * The socket in an answer to `exactRequest`; `null` when there is none with these ends. Throws on every
 * other answer. The kernel also names a listener that would take such a connection: that is none with these ends.
 */
export function readSocket(reply: Buffer, sequence: number, ends: SocketEnds): InetSocket | null {
  const { type, payload } = openReply(reply, sequence)
  if (type === NLMSG_ERROR && payload.length >= 4 && readInt32(payload, 0) === -ENOENT) return null
  if (type !== SOCK_DIAG_BY_FAMILY || payload.length < MESSAGE) return fail()
  const isV4 = payload[0] === AF_INET
  if (!isV4 && payload[0] !== AF_INET6) return fail()
  const socket: InetSocket = {
    kind: 'tcp',
    localAddress: readAddress(payload.subarray(8, 24), isV4),
    localPort: payload.readUInt16BE(4),
    remoteAddress: readAddress(payload.subarray(24, 40), isV4),
    remotePort: payload.readUInt16BE(6),
    state: payload.readUInt8(1),
    uid: readUInt32(payload, 64),
    inode: readUInt32(payload, 68),
  }
  const isAsked =
    socket.localAddress === ends.localAddress &&
    socket.localPort === ends.localPort &&
    socket.remoteAddress === ends.remoteAddress &&
    socket.remotePort === ends.remotePort
  return isAsked ? socket : null
}

function header(family: number, flags: number, sequence: number, states: number): Buffer {
  const request = Buffer.alloc(REQUEST)
  writeUInt32(request, REQUEST, 0)
  writeUInt16(request, SOCK_DIAG_BY_FAMILY, 4)
  writeUInt16(request, flags, 6)
  writeUInt32(request, sequence, 8)
  request.writeUInt8(family, HEADER)
  request.writeUInt8(IPPROTO_TCP, HEADER + 1)
  writeUInt32(request, states, HEADER + 4)
  return request
}

function openReply(reply: Buffer, sequence: number): { readonly type: number; readonly payload: Buffer } {
  if (reply.length < HEADER) return fail()
  const length = readUInt32(reply, 0)
  if (length < HEADER || length > reply.length || readUInt32(reply, 8) !== sequence) return fail()
  const type = isLittle ? reply.readUInt16LE(4) : reply.readUInt16BE(4)
  return { type, payload: reply.subarray(HEADER, length) }
}

function writeAddress(target: Buffer, address: string, isV4: boolean): void {
  if (isV4) {
    target.set(address.split('.').map(Number))
    return
  }
  const text = isIPv4(address) ? `::ffff:${address}` : address
  ipv6Groups(text).forEach((group, index) => target.writeUInt16BE(group, index * 2))
}

function readAddress(bytes: Buffer, isV4: boolean): string {
  const text = isV4 ? bytes.subarray(0, 4).join('.') : (bytes.toString('hex').match(/.{4}/g) ?? []).join(':')
  return canonicalAddress(text) ?? fail()
}

function writeUInt16(target: Buffer, value: number, offset: number): void {
  if (isLittle) target.writeUInt16LE(value, offset)
  else target.writeUInt16BE(value, offset)
}

function writeUInt32(target: Buffer, value: number, offset: number): void {
  if (isLittle) target.writeUInt32LE(value, offset)
  else target.writeUInt32BE(value, offset)
}

function readUInt32(source: Buffer, offset: number): number {
  return isLittle ? source.readUInt32LE(offset) : source.readUInt32BE(offset)
}

function readInt32(source: Buffer, offset: number): number {
  return readUInt32(source, offset) | 0
}

function fail(): never {
  throw new Error('the kernel gave an answer that cannot be read')
}
