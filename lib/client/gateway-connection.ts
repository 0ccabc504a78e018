import { randomUUID } from 'node:crypto'
import { WebSocket, type RawData } from 'ws'
import { LatchkeyError } from '../errors.ts'
import { clientChannel } from '../evidence/connection-channel.ts'
import { isRecord, MAX_PROTOCOL, MIN_PROTOCOL, parseJson } from '../protocol/frames.ts'
import type { HelloOk } from '../protocol/hello-ok.ts'
import { CLIENT_NONCE_HEADER } from '../protocol/local-proof.ts'
import { signedTextV3 } from '../protocol/signed-text.ts'
import type { DeviceIdentity } from './device-identity.ts'
import { newClientNonce, offersLocalSecret, proveLocalSecret } from './local-secret-proof.ts'
import { refusedError, unreachableError } from './client-errors.ts'

export type ConnectOptions = {
  /** `ws://127.0.0.1:4747/gateway` */
  url: string
  identity: DeviceIdentity
  /** Default `operator`. */
  role?: string
  /** The least that the calls need. Default: none. */
  scopes?: readonly string[]
  /** How it calls itself. Gives no rights. */
  client?: { id?: string; mode?: string; version?: string; displayName?: string }
  /** A device token from an earlier hello-ok; the key alone is enough. */
  deviceToken?: string
  /** Secrets that let it in: the gateway's shared one, or the token of an invitation. */
  auth?: { token?: string; password?: string; bootstrapToken?: string }
  /** Where the gateway's secret is, when it was configured there. Default: the environment's LATCHKEY_SECRET_FILE. */
  localSecretFile?: string
  /** Further headers of the upgrade request. */
  headers?: Readonly<Record<string, string>>
  /** For connecting and for each request, in milliseconds. Default 30 s. */
  timeoutMs?: number
  /** Told every event but the challenge. */
  onEvent?: (event: string, payload: unknown) => void
}

/** An open connection of a paired device. */
export type GatewayConnection = {
  readonly hello: HelloOk
  /**
   * Resolves with the payload of the answer.
   *
   * @throws {LatchkeyError} what the gateway answered, TIMEOUT, CLOSED
   */
  request(method: string, params?: unknown): Promise<unknown>
  /** Resolves when the connection has ended, with why. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
  close(): void
}

type Pending = { resolve(payload: unknown): void; reject(error: Error): void; readonly timer: NodeJS.Timeout }

/**
 * Connects and pairs. On the gateway's own machine that is silent.
 *
 * @throws {LatchkeyError} NOT_PAIRED with the request that waits for the owner, GATEWAY_UNREACHABLE, TIMEOUT,
 *   REFUSED and others as the gateway answered
 */
export function connectGateway(options: ConnectOptions): Promise<GatewayConnection> {
  const { url, timeoutMs = 30_000 } = options
  const pending = new Map<string, Pending>()
  const clientNonce = newClientNonce()
  const secretFile = options.localSecretFile ?? process.env.LATCHKEY_SECRET_FILE
  let socket: WebSocket
  try {
    const offer = offersLocalSecret(url, secretFile) ? { [CLIENT_NONCE_HEADER]: clientNonce } : {}
    socket = new WebSocket(url, {
      headers: { ...options.headers, ...offer },
      perMessageDeflate: false,
      handshakeTimeout: timeoutMs,
    })
  } catch (error) {
    return Promise.reject(unreachableError(url, error))
  }
  let channel: string | null = null
  socket.on('upgrade', (response) => {
    channel = clientChannel(response.socket)
  })
  const prove = (challenge: unknown): string | null =>
    proveLocalSecret(challenge, clientNonce, options.identity.deviceId, channel, secretFile)
  let failure: Error | null = null

  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => {
      resolve({ code, reason: reason.toString('utf8') })
    })
  })
  void closed.then(({ code, reason }) => {
    const error =
      failure ?? new LatchkeyError('CLOSED', `the gateway closed the connection: ${code} ${reason}`)
    for (const waiting of pending.values()) waiting.reject(error)
    pending.clear()
  })

  function request(method: string, params?: unknown): Promise<unknown> {
    if (socket.readyState !== WebSocket.OPEN) return Promise.reject(new LatchkeyError('CLOSED'))
    const id = randomUUID()
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        pending.delete(id)
        reject(new LatchkeyError('TIMEOUT', `no answer to ${method} within ${timeoutMs} ms`))
      }, timeoutMs)
      const settle = (): void => {
        clearTimeout(timer)
        pending.delete(id)
      }
      pending.set(id, {
        timer,
        resolve: (payload) => {
          settle()
          resolve(payload)
        },
        reject: (error) => {
          settle()
          reject(error)
        },
      })
      socket.send(JSON.stringify({ type: 'req', id, method, params }))
    })
  }

  function receive(frame: Readonly<Record<string, unknown>>): void {
    if (frame.type === 'res' && typeof frame.id === 'string') {
      const waiting = pending.get(frame.id)
      if (frame.ok === true) waiting?.resolve(frame.payload)
      else waiting?.reject(refusedError(frame.error))
    } else if (frame.type === 'event' && typeof frame.event === 'string') {
      options.onEvent?.(frame.event, frame.payload)
    }
  }

  return new Promise((resolve, reject) => {
    const deadline = setTimeout(() => {
      giveUp(new LatchkeyError('TIMEOUT', `${url} did not finish the handshake within ${timeoutMs} ms`))
    }, timeoutMs)
    const giveUp = (error: Error): void => {
      clearTimeout(deadline)
      failure ??= error
      socket.terminate()
      reject(failure)
    }
    void closed.then(({ code, reason }) => {
      giveUp(new LatchkeyError('CLOSED', `the gateway closed the connection: ${code} ${reason}`))
    })
    socket.on('error', (error) => {
      giveUp(unreachableError(url, error))
    })
    socket.on('message', (data) => {
      const frame = readFrame(data)
      if (frame === null) {
        giveUp(new LatchkeyError('REFUSED', `${url} does not speak the gateway protocol`))
      } else if (frame.type === 'event' && frame.event === 'connect.challenge') {
        request('connect', connectParams(options, frame.payload, prove)).then((hello) => {
          clearTimeout(deadline)
          resolve({
            hello: hello as HelloOk,
            request,
            closed,
            close: () => {
              socket.close(1000)
            },
          })
        }, giveUp)
      } else {
        receive(frame)
      }
    })
  })
}

function readFrame(data: RawData): Readonly<Record<string, unknown>> | null {
  const text = Buffer.isBuffer(data) ? data.toString('utf8') : null
  const value = text === null ? null : parseJson(text)?.value
  return isRecord(value) ? value : null
}

function connectParams(
  options: ConnectOptions,
  challenge: unknown,
  prove: (challenge: unknown) => string | null,
): object {
  const { identity, role = 'operator', scopes = [], client = {}, deviceToken, auth = {} } = options
  const nonce = isRecord(challenge) && typeof challenge.nonce === 'string' ? challenge.nonce : ''
  const signedAt = isRecord(challenge) && typeof challenge.ts === 'number' ? challenge.ts : Date.now()
  const { id = 'latchkey-client', mode = 'backend', version = '1', displayName } = client
  const { platform } = process
  const localProof = prove(challenge)
  const signature = identity.sign(
    signedTextV3({
      deviceId: identity.deviceId,
      clientId: id,
      clientMode: mode,
      role,
      scopes,
      signedAtMs: signedAt,
      token: auth.token ?? deviceToken ?? auth.bootstrapToken ?? '',
      nonce,
      platform,
      deviceFamily: '',
    }),
  )
  return {
    minProtocol: MIN_PROTOCOL,
    maxProtocol: MAX_PROTOCOL,
    client: { id, version, platform, mode, ...(displayName === undefined ? {} : { displayName }) },
    role,
    scopes,
    ...(localProof === null ? {} : { localProof }),
    auth: { ...auth, ...(deviceToken === undefined ? {} : { deviceToken }) },
    device: { id: identity.deviceId, publicKey: identity.publicKey, signature, signedAt, nonce },
  }
}
