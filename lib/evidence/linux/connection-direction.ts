import type { InetSocket } from './socket-table.ts'
import type { Surroundings } from './surroundings.ts'

/**
 * Who began a TCP connection, told from its ports, because the kernel does not keep it: a connection to a
 * port with a listener goes there. When the listener has been closed and both ports could be either, it is
 * `unclear`.
 */
export function connectionDirection(
  socket: InetSocket,
  around: Surroundings,
): 'accepted' | 'outgoing' | 'unclear' {
  const { table, ownInodes } = around
  if (table.hasListener(socket.localPort)) return 'accepted'
  const fromEphemeral = around.isEphemeral(socket.localPort)
  if (!around.isOnHost(socket.remoteAddress)) return fromEphemeral ? 'outgoing' : 'accepted'
  if (table.hasListener(socket.remotePort)) return 'outgoing'
  if (fromEphemeral && !around.isEphemeral(socket.remotePort)) return 'outgoing'
  // This process may have stopped listening; what it holds the other end of is fed by nobody else.
  return otherEnds(socket, table).some((end) => ownInodes.has(end.inode)) ? 'outgoing' : 'unclear'
}

/** The same connection as its other end sees it; empty when that end is not in this network namespace. */
export function otherEnds(socket: InetSocket, table: Surroundings['table']): readonly InetSocket[] {
  return table.byEnds(socket.remoteAddress, socket.remotePort, socket.localAddress, socket.localPort)
}
