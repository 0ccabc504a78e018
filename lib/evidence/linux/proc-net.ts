import { endianness } from 'node:os'
import { canonicalAddress } from '../../locality/address.ts'
import type { InetSocket, KernelSocket, UnixSocket } from './socket-table.ts'

// sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode …
const INET_ROW =
  /^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]{2}) \S+ \S+ \S+\s+(\d+)\s+\d+ (\d+)(?: |$)/
// Num RefCount Protocol Flags Type St Inode Path
const UNIX_ROW = /^[0-9a-f]+: \S+ \S+ ([0-9A-F]{8}) ([0-9A-F]{4}) [0-9A-F]{2} +(\d+)(?: (.*))?$/i

const ACCEPTS_CONNECTIONS = 0x10000 // __SO_ACCEPTCON
const UNIX_DATAGRAM = 2

/**
 * Rows of `/proc/net/{tcp,udp,udplite,raw,icmp}` and their `…6` siblings, as `kind`. Throws on a row that it
 * cannot read: half a table would leave out the very row that speaks against a process.
 */
export function parseInetSockets(text: string, kind: InetSocket['kind']): InetSocket[] {
  const addresses = new Map<string, string>()
  const decode = (hex: string): string => {
    const known = addresses.get(hex)
    if (known !== undefined) return known
    const address = decodeAddress(hex)
    addresses.set(hex, address)
    return address
  }
  return rowsOf(text).map((line) => {
    const [, local = '', localPort = '', remote = '', remotePort = '', state = '', uid, inode] =
      INET_ROW.exec(line) ?? failToParse()
    return {
      kind,
      localAddress: decode(local),
      localPort: Number.parseInt(localPort, 16),
      remoteAddress: decode(remote),
      remotePort: Number.parseInt(remotePort, 16),
      state: Number.parseInt(state, 16),
      uid: Number(uid),
      inode: Number(inode),
    }
  })
}

/**
 * Rows of `/proc/net/unix`. A path may hold a line feed, and any local user may choose it: what does not
 * look like a row is passed over, and a socket left out by that is one that nothing explains.
 */
export function parseUnixSockets(text: string): UnixSocket[] {
  return rowsOf(text).flatMap((line) => {
    const match = UNIX_ROW.exec(line)
    if (match === null) return []
    const [, flags = '', type = '', inode, path = ''] = match
    return {
      kind: 'unix',
      listening: (Number.parseInt(flags, 16) & ACCEPTS_CONNECTIONS) !== 0,
      stream: Number.parseInt(type, 16) !== UNIX_DATAGRAM,
      path,
      inode: Number(inode),
    } as const
  })
}

/** Rows of `/proc/net/netlink` and `/proc/net/packet`: both end with the inode. */
export function parseKernelSockets(text: string, kind: KernelSocket['kind']): KernelSocket[] {
  return rowsOf(text).map((line) => {
    const [, inode] = /\s(\d+)\s*$/.exec(line) ?? failToParse()
    return { kind, inode: Number(inode) }
  })
}

/** Everything below the heading. */
function rowsOf(text: string): string[] {
  return text
    .split('\n')
    .slice(1)
    .filter((line) => line.trim() !== '')
}

/** The kernel prints an address as 32-bit words, each in the byte order of the machine. */
function decodeAddress(hex: string): string {
  if (hex.length !== 8 && hex.length !== 32) return failToParse()
  const bytes = Buffer.from(hex, 'hex')
  if (endianness() === 'LE') bytes.swap32()
  const text = hex.length === 8 ? bytes.join('.') : (bytes.toString('hex').match(/.{4}/g) ?? []).join(':')
  return canonicalAddress(text) ?? failToParse()
}

function failToParse(): never {
  throw new Error('a table of the kernel has a row that cannot be read')
}
