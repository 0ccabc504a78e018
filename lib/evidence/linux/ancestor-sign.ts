import { isLoopbackAddress } from '../../locality/address.ts'
import { connectionDirection } from './connection-direction.ts'
import { processName } from './printable-name.ts'
import type { ProcessDescription } from './proc-process.ts'
import { endText, socketInode } from './relay-signs.ts'
import { TCP_LISTEN, type Socket } from './socket-table.ts'
import type { Surroundings } from './surroundings.ts'

/**
 * Why a process may be what the server above it runs for each client: the CGI and EXEC shapes (step 7). Only
 * other machines count: terminals, editors and test runners listen on loopback all the time. So a child of
 * a server that listens on loopback, and is itself fed by a proxy, goes unnoticed here.
 */
export function ancestorSign(
  ancestor: ProcessDescription,
  isParent: boolean,
  around: Surroundings,
): string | null {
  for (const descriptor of ancestor.descriptors) {
    const inode = socketInode(descriptor)
    if (inode === null) continue
    const text = around.table
      .byInode(inode)
      .map((socket) => exposure(socket, around))
      .find((found) => found !== null)
    if (text === undefined) continue
    return `${isParent ? 'parent' : 'ancestor'} ${processName(ancestor)} (pid ${ancestor.pid}) ${text}`
  }
  return null
}

function exposure(socket: Socket, around: Surroundings): string | null {
  if (socket.kind !== 'tcp') return null
  if (socket.state === TCP_LISTEN) {
    if (isLoopbackAddress(socket.localAddress)) return null
    return `listens on ${endText(socket.localAddress, socket.localPort)}`
  }
  if (isLoopbackAddress(socket.remoteAddress) || connectionDirection(socket, around) === 'outgoing')
    return null
  return `accepted a connection from ${socket.remoteAddress} on port ${socket.localPort}`
}
