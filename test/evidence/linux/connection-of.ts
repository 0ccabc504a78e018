import { readlinkSync } from 'node:fs'
import type { Socket } from 'node:net'
import type { Connection } from '../../../lib/evidence/peer-lookup.ts'

/** An accepted socket as the look-up wants it. */
export function connectionOf(socket: Socket): Connection {
  const { localAddress = '', localPort = 0, remoteAddress = '', remotePort = 0 } = socket
  const { _handle: handle } = socket as unknown as { _handle: { fd: number } | null }
  const link = handle === null ? '' : readlinkSync(`/proc/self/fd/${handle.fd}`)
  const [inode] = /\d+/.exec(link) ?? []
  return {
    localAddress,
    localPort,
    remoteAddress,
    remotePort,
    inode: inode === undefined ? null : Number(inode),
  }
}
