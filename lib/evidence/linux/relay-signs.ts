import { isRelayProgram } from '../../locality/relays.ts'
import { isLoopbackAddress } from '../../locality/address.ts'
import { isBrowser } from './browsers.ts'
import { connectionDirection } from './connection-direction.ts'
import { printableName } from './printable-name.ts'
import type { Descriptor, ProcessDescription } from './proc-process.ts'
import { TCP_LISTEN, type InetSocket, type Socket } from './socket-table.ts'
import type { Surroundings } from './surroundings.ts'

/** Something about a process that speaks against it. */
export type Sign = {
  readonly text: string
  /**
   * Set when this may be a socket seen in the making: what must still be so in the next snapshot to count.
   * `null` when there is no doubt.
   */
  readonly doubt: string | null
}

const MDNS_PORT = 5353
const TUNNEL_DEVICE =
  /^(\/dev\/(net\/tun|tap\d*|ppp|kvm|vhost-.*|vsock)|anon_inode:\[?kvm-.*)( \(deleted\))?$/
const RING = 'anon_inode:[io_uring]'

/**
 * Why this process may be speaking for somebody else: its name, or a descriptor through which strangers can
 * reach it (steps 5 and 6). `peer` is the inode of the connection asked about. Does not see requests that
 * come in through a pipe, a terminal or a file, nor what the process has closed again.
 */
export function relaySign(process: ProcessDescription, around: Surroundings, peer: number): Sign | null {
  const name = [process.comm, process.program].find((text) => text !== null && isRelayProgram(text))
  if (name !== undefined && name !== null) return firm(`is the relay ${printableName(name)}`)
  const signs = process.descriptors.flatMap((descriptor) => {
    const inode = socketInode(descriptor)
    if (inode === null) return deviceSign(descriptor) ?? []
    if (inode === peer) return []
    const sockets = around.table.byInode(inode)
    if (sockets.length === 0)
      return { text: 'holds a socket of an unknown kind or place', doubt: descriptor.link }
    return sockets.flatMap((socket) => socketSign(socket, process, around) ?? [])
  })
  return signs.find((sign) => sign.doubt === null) ?? signs[0] ?? null
}

/** The number in `socket:[123]`. */
export function socketInode(descriptor: Pick<Descriptor, 'link'>): number | null {
  const [, digits] = /^socket:\[(\d+)\]$/.exec(descriptor.link) ?? []
  return digits === undefined ? null : Number(digits)
}

export function endText(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

export function isKnownBrowser(process: ProcessDescription): boolean {
  return isBrowser(process.comm) || (process.program !== null && isBrowser(process.program))
}

export function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::'
}

function deviceSign({ link, plainRing }: Descriptor): Sign | null {
  if (TUNNEL_DEVICE.test(link)) return firm(`holds ${printableName(link)}`)
  if (link === RING && !plainRing) return { text: 'holds an io_uring that may hide sockets', doubt: link }
  return null
}

function socketSign(socket: Socket, process: ProcessDescription, around: Surroundings): Sign | null {
  switch (socket.kind) {
    case 'tcp':
      return tcpSign(socket, around)
    case 'udp':
      return isWildcard(socket.remoteAddress) ? datagramSign(socket, process) : null
    case 'unix':
      if (socket.listening) return firm(`listens on the Unix socket ${printableName(socket.path)}`)
      if (!socket.stream || socket.path === '') return null
      return firm(`has a connection of the Unix socket ${printableName(socket.path)}`)
    case 'netlink':
      return null
    case 'raw':
    case 'packet':
      return firm(`holds a ${socket.kind} socket`)
  }
}

function tcpSign(socket: InetSocket, around: Surroundings): Sign | null {
  if (socket.state === TCP_LISTEN) {
    // A listener of ours that a child inherited. Another socket on the same port is somebody else's.
    if (around.ownInodes.has(socket.inode)) return null
    return firm(`listens on ${endText(socket.localAddress, socket.localPort)}`)
  }
  const direction = connectionDirection(socket, around)
  if (direction === 'outgoing') return null
  const ends = `from ${socket.remoteAddress} on port ${socket.localPort}`
  if (direction === 'accepted') return firm(`accepted a connection ${ends}`)
  return { text: `may have accepted a connection ${ends}`, doubt: `socket:[${socket.inode}]` }
}

/** Tunnels over QUIC or WireGuard take datagrams from anybody; who only asks a name server connects first. */
function datagramSign(socket: InetSocket, process: ProcessDescription): Sign | null {
  if (isLoopbackAddress(socket.localAddress)) return null
  if (socket.localPort === MDNS_PORT && isKnownBrowser(process)) return null
  return firm(`takes datagrams on ${endText(socket.localAddress, socket.localPort)}`)
}

function firm(text: string): Sign {
  return { text, doubt: null }
}
