import { connect, type Socket } from 'node:net'
import { afterAll } from '@jest/globals'

/** The text of an upgrade request. Later headers replace none: they are added. */
export function upgradeText(
  target: string,
  headers: Record<string, string> = {},
  host = 'localhost',
): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return [
    `GET ${target} HTTP/1.1`,
    `Host: ${host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    ...lines,
    '',
    '',
  ].join('\r\n')
}

const opened = new Set<Socket>()

// One that the server has ended and nobody has read stays half open with the process, and then the kernel's word on
// this process, in the files that follow, is that it may be a relay.
afterAll(() => {
  for (const socket of opened) socket.destroy()
})

/** A TCP connection to loopback that never fails a test by itself. It ends with the file. */
export function tcp(port: number): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      resolve(socket)
    })
    opened.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => opened.delete(socket))
  })
}

/** All that arrives until the server ends the connection, as latin1. */
export function readToEnd(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
    socket.on('close', () => {
      resolve(text)
    })
  })
}

/** Resolves with what has arrived once it contains `part`. */
export function readUntil(socket: Socket, part: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const onData = (chunk: Buffer): void => {
      text += chunk.toString('latin1')
      if (!text.includes(part)) return
      socket.off('data', onData)
      resolve(text)
    }
    socket.on('data', onData)
    socket.on('close', () => {
      reject(new Error(`closed after ${JSON.stringify(text)}`))
    })
  })
}

/** One text frame of a client, with a mask of zeros. */
export function textFrame(text: string): Buffer {
  const payload = Buffer.from(text, 'utf8')
  const length =
    payload.length < 126
      ? Buffer.from([0x80 | payload.length])
      : Buffer.from([0x80 | 126, payload.length >> 8, payload.length & 0xff])
  return Buffer.concat([Buffer.from([0x81]), length, Buffer.alloc(4), payload])
}

/** Reserved bits, a reserved opcode: no WebSocket frame. */
export const MALFORMED_FRAME = Buffer.from([0xf9, 0x85, 0x00])
