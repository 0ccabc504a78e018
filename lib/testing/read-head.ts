import type { Socket } from 'node:net'

const MAX_BYTES = 256 * 1024
const END = '\r\n\r\n'

/** Reads up to the empty line that ends the head of a request. Gives the head without it, and what came after. */
export function readHead(socket: Socket, onHead: (head: string, rest: Buffer) => void): void {
  let seen = Buffer.alloc(0)
  const onData = (chunk: Buffer): void => {
    seen = Buffer.concat([seen, chunk])
    const end = seen.indexOf(END)
    if (end === -1) {
      if (seen.length > MAX_BYTES) socket.destroy()
      return
    }
    socket.off('data', onData)
    socket.pause()
    onHead(seen.toString('latin1', 0, end), seen.subarray(end + END.length))
  }
  socket.on('data', onData)
}
