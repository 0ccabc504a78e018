import { readRequestFrame } from '../protocol/frames.ts'
import { CLOSE, closeReason, parseJson } from '../protocol/index.ts'

/**
 * What the gateway needs of a WebSocket. Structural, because express-ws brings a `ws` of its own: version 7
 * there, version 8 here, and `instanceof` tells neither.
 */
export type GatewaySocket = {
  /** As in a browser: 1 is open. */
  readonly readyState: number
  /** Bytes that wait to be sent. */
  readonly bufferedAmount: number
  /** A frame came. */
  on(event: 'message', listener: (data: unknown, isBinary?: boolean) => void): unknown
  /** It has ended. */
  on(event: 'close', listener: (code: number) => void): unknown
  /** It is broken; a `close` follows. */
  on(event: 'error', listener: (error: Error) => void): unknown
  /** The other end is alive. */
  on(event: 'pong', listener: () => void): unknown
  /** Takes a listener away. */
  off(event: 'message', listener: (data: unknown, isBinary?: boolean) => void): unknown
  /** Takes a listener away. */
  off(event: 'close', listener: (code: number) => void): unknown
  /** Sends a text frame; `done` gets what went wrong. */
  send(data: string, done?: (error?: Error) => void): void
  /** Asks whether the other end is alive. */
  ping(): void
  /** Begins the closing handshake. */
  close(code: number, reason: string): void
  /** Ends it at once. */
  terminate(): void
}

const OPEN = 1

export function isOpen(socket: GatewaySocket): boolean {
  return socket.readyState === OPEN
}

/** Sends a frame; a socket that is on its way out swallows it. */
export function sendFrame(socket: GatewaySocket, frame: object): void {
  if (!isOpen(socket)) return
  socket.send(JSON.stringify(frame), ignoreSendError)
}

/** The `error` and `close` events tell; the callback keeps `ws` from throwing. */
function ignoreSendError(): void {
  return undefined
}

/** Asks for an orderly close and ends the connection itself when the client does not follow. */
export function closeSocket(socket: GatewaySocket, code: number, reason: string, closeMs: number): void {
  socket.close(code, closeReason(reason))
  const timer = setTimeout(() => {
    socket.terminate()
  }, closeMs)
  timer.unref()
  socket.on('close', () => {
    clearTimeout(timer)
  })
}

/** The request in a message, or what is wrong with it; `null` when it is not JSON text. */
export function readMessage(
  data: unknown,
  isBinary: boolean | undefined,
): ReturnType<typeof readRequestFrame> | null {
  const text = messageText(data, isBinary)
  const parsed = text === null ? null : parseJson(text)
  return parsed === null ? null : readRequestFrame(parsed.value)
}

/** The text of a message, or `null` for binary ones. */
function messageText(data: unknown, isBinary: boolean | undefined): string | null {
  if (typeof data === 'string') return data
  if (isBinary !== false || !Buffer.isBuffer(data)) return null
  return data.toString('utf8')
}

/** Bytes of a message; UTF-8 for text. */
export function messageBytes(data: unknown): number {
  if (typeof data === 'string') return Buffer.byteLength(data)
  return Buffer.isBuffer(data) ? data.length : Number.POSITIVE_INFINITY
}

/** Sets how large a message may be from now on. `ws` has no public way to change it per connection. */
export function setPayloadLimit(socket: GatewaySocket, bytes: number): void {
  const receiver = (socket as unknown as { readonly _receiver?: { _maxPayload?: unknown } | null })._receiver
  if (receiver === undefined || receiver === null || typeof receiver._maxPayload !== 'number') {
    // An unknown version of ws: without the limit there is no connection.
    socket.close(CLOSE.internal, 'cannot limit the size of frames')
    return
  }
  receiver._maxPayload = bytes
}
