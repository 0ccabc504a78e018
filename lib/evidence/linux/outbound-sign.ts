import { otherEnds } from './connection-direction.ts'
import type { ProcessDescription } from './proc-process.ts'
import { endText, isKnownBrowser, isWildcard, socketInode, type Sign } from './relay-signs.ts'
import { TCP_ESTABLISHED, TCP_LISTEN, type Socket } from './socket-table.ts'
import type { Surroundings } from './surroundings.ts'

/**
 * A connection to another machine (step 8): a tunnel that called out, or a tool that talks to a server.
 * Nothing that can be seen from here tells the two apart. Known browsers are excused by name alone.
 */
export function outboundSign(process: ProcessDescription, around: Surroundings, peer: number): Sign | null {
  if (isKnownBrowser(process)) return null
  const signs = process.descriptors.flatMap((descriptor) => {
    const inode = socketInode(descriptor)
    if (inode === null || inode === peer) return []
    return around.table.byInode(inode).flatMap((socket) => remoteEnd(socket, around) ?? [])
  })
  return signs.find((sign) => sign.doubt === null) ?? signs[0] ?? null
}

function remoteEnd(socket: Socket, around: Surroundings): Sign | null {
  if (socket.kind !== 'tcp' && socket.kind !== 'udp') return null
  if (socket.state === TCP_LISTEN || isWildcard(socket.remoteAddress)) return null
  const text = `is connected to ${endText(socket.remoteAddress, socket.remotePort)}`
  if (!around.isOnHost(socket.remoteAddress)) return { text, doubt: null }
  // Address translation leads from a local address to wherever it likes.
  const leavesHost =
    socket.kind === 'tcp' && socket.state === TCP_ESTABLISHED && otherEnds(socket, around.table).length === 0
  return leavesHost ? { text: `${text}, which leads elsewhere`, doubt: `socket:[${socket.inode}]` } : null
}
