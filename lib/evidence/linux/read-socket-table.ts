import { readFileSync } from 'node:fs'
import { parseInetSockets, parseKernelSockets, parseUnixSockets } from './proc-net.ts'
import { socketTable, type InetSocket, type SocketTable } from './socket-table.ts'

/**
 * TCP alone, which is what most connections are decided by. `folder` is `/proc/net`, or `/proc/PID/net` for
 * the network namespace of another process.
 */
export function readTcpSockets(folder = '/proc/net'): SocketTable {
  return socketTable([
    ...parseInetSockets(readFileSync(`${folder}/tcp`, 'latin1'), 'tcp'),
    ...parseInetSockets(readIfPresent(`${folder}/tcp6`), 'tcp'),
  ])
}

/** Every list of sockets that the kernel offers, beside the TCP sockets that were read already. */
export function readSocketTable(tcp: SocketTable): SocketTable {
  const inet = (name: string, kind: InetSocket['kind']): InetSocket[] => [
    ...parseInetSockets(readIfAllowed(name), kind),
    ...parseInetSockets(readIfAllowed(`${name}6`), kind),
  ]
  const others = socketTable([
    ...inet('udp', 'udp'),
    ...inet('udplite', 'udp'),
    // An echo reply carries data as well as a datagram does.
    ...inet('icmp', 'udp'),
    ...inet('raw', 'raw'),
    ...parseUnixSockets(readIfAllowed('unix', 'utf8')),
    ...parseKernelSockets(readIfAllowed('netlink'), 'netlink'),
    ...parseKernelSockets(readIfAllowed('packet'), 'packet'),
  ])
  return { ...tcp, byInode: (inode) => [...tcp.byInode(inode), ...others.byInode(inode)] }
}

/** A list that cannot be read counts as empty here: its sockets are then ones that nothing explains. */
function readIfAllowed(name: string, encoding: 'latin1' | 'utf8' = 'latin1'): string {
  try {
    return readFileSync(`/proc/net/${name}`, encoding)
  } catch {
    return ''
  }
}

/** Missing when the kernel has no IPv6. Any other failure is thrown: listeners would go unseen. */
function readIfPresent(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}
