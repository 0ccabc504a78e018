/** A TCP, UDP, UDP-Lite, raw or ICMP socket. Addresses are canonical text; IPv4-mapped ones are IPv4. */
export type InetSocket = {
  readonly kind: 'tcp' | 'udp' | 'raw'
  readonly localAddress: string
  readonly localPort: number
  readonly remoteAddress: string
  readonly remotePort: number
  /** As the kernel numbers TCP's states; an unconnected UDP socket is `closed`. */
  readonly state: number
  readonly uid: number
  /** 0 when no descriptor stands for the socket: its process has gone, or has not accepted it yet. */
  readonly inode: number
}

export type UnixSocket = {
  readonly kind: 'unix'
  readonly listening: boolean
  /** Stream or seqpacket, as opposed to datagrams. */
  readonly stream: boolean
  /** A connection that was accepted carries the path of its listener; `@…` is abstract. */
  readonly path: string
  readonly inode: number
}

/** `netlink` talks to the kernel; `packet` sees and sends whole frames. */
export type KernelSocket = { readonly kind: 'netlink' | 'packet'; readonly inode: number }

export type Socket = InetSocket | UnixSocket | KernelSocket

export const TCP_ESTABLISHED = 1
export const TCP_LISTEN = 10

/** The sockets of one network namespace. A socket that is in none of the kernel's lists is not in here. */
export type SocketTable = {
  /** More than one when sockets share an inode, as the subflows of MPTCP do. */
  byInode(inode: number): readonly Socket[]
  /** TCP sockets with exactly these two ends, after rows that the kernel printed twice are folded. */
  byEnds(
    localAddress: string,
    localPort: number,
    remoteAddress: string,
    remotePort: number,
  ): readonly InetSocket[]
  hasListener(port: number): boolean
}

export function socketTable(sockets: Iterable<Socket>): SocketTable {
  const byInode = new Map<number, Socket[]>()
  const byPorts = new Map<number, InetSocket[]>()
  const listenerPorts = new Set<number>()
  for (const socket of sockets) {
    if (socket.inode !== 0) append(byInode, socket.inode, socket)
    if (socket.kind !== 'tcp') continue
    if (socket.state === TCP_LISTEN) listenerPorts.add(socket.localPort)
    append(byPorts, portsKey(socket.localPort, socket.remotePort), socket)
  }
  return {
    byInode: (inode) => byInode.get(inode) ?? [],
    byEnds: (localAddress, localPort, remoteAddress, remotePort) => {
      const rows = byPorts.get(portsKey(localPort, remotePort)) ?? []
      return foldEqualInodes(
        rows.filter((row) => row.localAddress === localAddress && row.remoteAddress === remoteAddress),
      )
    },
    hasListener: (port) => listenerPorts.has(port),
  }
}

/** A number, as there may be tens of thousands of connections that have just ended. */
function portsKey(localPort: number, remotePort: number): number {
  return localPort * 0x10000 + remotePort
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}

/** Under load the kernel prints a row twice; the later one is the fresher. Rows without an inode all count. */
function foldEqualInodes(rows: readonly InetSocket[]): readonly InetSocket[] {
  return rows.filter((row, index) => {
    return row.inode === 0 || rows.findLastIndex((other) => other.inode === row.inode) === index
  })
}
