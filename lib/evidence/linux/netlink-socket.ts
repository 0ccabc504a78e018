import { randomInt } from 'node:crypto'
import { exactRequest, probeRequest, readProbe, readSocket } from './netlink-messages.ts'
import type { SocketTable } from './socket-table.ts'

/** The calls of libc that are needed; each returns -1 when it fails. */
export type Libc = {
  socket(family: number, type: number, protocol: number): number
  connect(fd: number, address: Buffer, length: number): number
  send(fd: number, data: Buffer, length: number, flags: number): number
  recv(fd: number, data: Buffer, length: number, flags: number): number
  close(fd: number): number
}

const AF_NETLINK = 16
const SOCK_RAW = 3
const SOCK_CLOEXEC = 0o2000000
const NETLINK_SOCK_DIAG = 4
const MSG_DONTWAIT = 0x40
const MSG_TRUNC = 0x20
const ADDRESS_LENGTH = 12
const REPLY_LENGTH = 1024

/** Loads koffi, which is an optional dependency. Rejects when it, or its part for this platform, is missing. */
export async function loadLibc(): Promise<Libc> {
  const { default: koffi } = await import('koffi')
  // The program itself, which libc is part of, whatever its file is called here.
  const program = koffi.load(null)
  return {
    socket: program.func('int socket(int, int, int)') as Libc['socket'],
    connect: program.func('int connect(int, const void *, unsigned int)') as Libc['connect'],
    send: program.func('intptr_t send(int, const void *, size_t, int)') as Libc['send'],
    recv: program.func('intptr_t recv(int, _Out_ void *, size_t, int)') as Libc['recv'],
    close: program.func('int close(int)') as Libc['close'],
  }
}

/**
 * Runs `use` with a table that asks the kernel for one socket at a time. Throws when the kernel cannot be
 * asked (no netlink here, forbidden, no module for it), or gives an answer that cannot be read.
 */
export function withSocketDiagnosis<T>(libc: Libc, use: (table: Pick<SocketTable, 'byEnds'>) => T): T {
  const fd = libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG)
  if (fd < 0) throw new Error('no netlink socket can be made')
  try {
    // To the kernel, and from now on only from it.
    const kernel = Buffer.alloc(ADDRESS_LENGTH)
    kernel.set(new Uint8Array(new Uint16Array([AF_NETLINK]).buffer))
    if (libc.connect(fd, kernel, ADDRESS_LENGTH) !== 0) throw new Error('the kernel cannot be asked')
    let sequence = randomInt(1, 2 ** 31)
    // Without its module the kernel says of every socket that it is not there.
    readProbe(ask(libc, fd, probeRequest(sequence)), sequence)
    return use({
      byEnds(localAddress, localPort, remoteAddress, remotePort) {
        const ends = { localAddress, localPort, remoteAddress, remotePort }
        sequence += 1
        const socket = readSocket(ask(libc, fd, exactRequest(ends, sequence)), sequence, ends)
        return socket === null ? [] : [socket]
      },
    })
  } finally {
    libc.close(fd)
  }
}

/** The kernel answers while it is being sent the question. */
function ask(libc: Libc, fd: number, request: Buffer): Buffer {
  const reply = Buffer.alloc(REPLY_LENGTH)
  if (libc.send(fd, request, request.length, 0) !== request.length)
    throw new Error('the kernel was not asked')
  const length = libc.recv(fd, reply, reply.length, MSG_DONTWAIT | MSG_TRUNC)
  if (length < 0 || length > reply.length) throw new Error('the kernel gave no answer')
  return reply.subarray(0, length)
}
