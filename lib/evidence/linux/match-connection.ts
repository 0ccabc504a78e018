import { canonicalAddress } from '../../locality/address.ts'
import type { Connection } from '../peer-lookup.ts'
import { TCP_ESTABLISHED, type InetSocket, type SocketTable } from './socket-table.ts'

/** The socket at the other end of a connection, or why the table does not tell. */
export type MatchedPeer = { readonly peer: InetSocket } | { readonly sign: string }

/** Another namespace, address translation, or a socket that may not be seen. */
export const NOT_HERE = 'the other end is not in this network namespace'

/**
 * Finds the row of the peer's end among the sockets of this network namespace. Does not say who holds that end:
 * the uid is that of the process that made the socket, which may have handed it on.
 */
export function matchConnection(table: Pick<SocketTable, 'byEnds'>, connection: Connection): MatchedPeer {
  const { localPort, remotePort, inode } = connection
  const local = canonicalAddress(connection.localAddress)
  const remote = canonicalAddress(connection.remoteAddress)
  if (local === null || remote === null || inode === null || inode === 0) {
    return unproven('the two ends of the connection are not known')
  }
  // Without our own inode a pair of ports that is in use again would be taken for this connection.
  const [own, ...others] = table.byEnds(local, localPort, remote, remotePort)
  if (own?.inode !== inode || own.state !== TCP_ESTABLISHED || others.length > 0) {
    return unproven('our end of the connection is no longer established')
  }
  const [peer, ...rivals] = table.byEnds(remote, remotePort, local, localPort)
  if (peer === undefined) return unproven(NOT_HERE)
  // A peer that has gone shows uid 0, which is not root.
  if (rivals.length > 0 || peer.state !== TCP_ESTABLISHED || peer.inode === 0) {
    return unproven('the other end is closed or closing')
  }
  return { peer }
}

function unproven(sign: string): MatchedPeer {
  return { sign }
}
