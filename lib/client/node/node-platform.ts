import { createHash } from 'node:crypto'
import { WebSocket, type ClientOptions, type RawData } from 'ws'
import { LatchkeyError } from '../../errors.ts'
import { clientChannel } from '../../evidence/connection-channel.ts'
import { CLIENT_NONCE_HEADER } from '../../protocol/local-proof.ts'
import { unreachableError } from '../client-errors.ts'
import type { ClientPlatform, ClientSocket, SocketEvents, StartTimer } from '../client-platform.ts'
import { startTimer } from '../timer.ts'
import { newClientNonce, offersLocalSecret, proveLocalSecret } from './local-secret-proof.ts'

/**
 * What only Node can do.
 *
 * @inline
 */
export type NodeOptions = {
  /** Where the gateway's secret is, when it was configured there. Default: the environment's LATCHKEY_SECRET_FILE. */
  localSecretFile?: string
  /** Further headers of the upgrade request. */
  headers?: Readonly<Record<string, string>>
  /** Lets the process end while this is all that is left. Default false. */
  unref?: boolean
}

export const NODE_OPTIONS: readonly (keyof NodeOptions)[] = ['localSecretFile', 'headers', 'unref']

const CLOSE_MS = 1000

const unrefTimer: StartTimer = (callback, ms) => {
  const timer = setTimeout(callback, ms)
  timer.unref()
  return () => {
    clearTimeout(timer)
  }
}

export function nodePlatform(options: NodeOptions): ClientPlatform {
  return {
    name: process.platform,
    open: (url, events) => openSocket(url, events, options),
    sha256: (bytes) => createHash('sha256').update(bytes).digest(),
    startTimer: options.unref === true ? unrefTimer : startTimer,
  }
}

function openSocket(url: string, events: SocketEvents, options: NodeOptions): ClientSocket {
  const clientNonce = newClientNonce()
  const secretFile = options.localSecretFile ?? process.env.LATCHKEY_SECRET_FILE
  let socket: WebSocket
  try {
    const offer = offersLocalSecret(url, secretFile) ? { [CLIENT_NONCE_HEADER]: clientNonce } : {}
    // The type lacks closeTimeout, which ws documents.
    const socketOptions: ClientOptions & { closeTimeout: number } = {
      headers: { ...options.headers, ...offer },
      perMessageDeflate: false,
      closeTimeout: CLOSE_MS,
      finishRequest: (request) => {
        if (options.unref === true) request.once('socket', (stream) => stream.unref())
        request.end()
      },
    }
    socket = new WebSocket(url, socketOptions)
  } catch (error) {
    throw unreachableError(url, error)
  }
  let channel: string | null = null
  let isOpen = false
  let failure: LatchkeyError | undefined
  socket.on('upgrade', (response) => {
    channel = clientChannel(response.socket)
  })
  socket.on('open', () => {
    isOpen = true
  })
  socket.on('message', (data, isBinary) => {
    events.onMessage(isBinary ? null : textOf(data))
  })
  socket.on('error', (error) => {
    failure ??= isOpen
      ? new LatchkeyError('CLOSED', `the connection broke: ${error.message}`, {
          cause: error,
          details: { closeCode: 1006 },
        })
      : unreachableError(url, error)
  })
  socket.on('close', (code, reason) => {
    events.onEnd(code, reason.toString('utf8'), failure)
  })
  return {
    send: (text) => {
      // The callback keeps ws from throwing; the close event tells.
      socket.send(text, () => undefined)
    },
    close: () => {
      socket.close(1000)
    },
    terminate: () => {
      socket.terminate()
    },
    prove: (challenge, deviceId) => proveLocalSecret(challenge, clientNonce, deviceId, channel, secretFile),
  }
}

function textOf(data: RawData): string | null {
  return Buffer.isBuffer(data) ? data.toString('utf8') : null
}
