import { LatchkeyError } from '../errors.ts'
import type { HelloOk } from '../protocol/hello-ok.ts'
import { callBack } from './call-back.ts'
import { readChallenge } from './challenge.ts'
import { notTheProtocol, readWireError, refusedError } from './client-errors.ts'
import type { ClientPlatform } from './client-platform.ts'
import { readMs, type ConnectSettings } from './connect-options.ts'
import { connectRequest } from './connect-request.ts'
import { openLink, type Link, type LinkEnd } from './link.ts'
import { PairingRequiredError } from './pairing-required-error.ts'
import { pendingRequests, type PendingRequests, type RequestOptions } from './pending-requests.ts'
import { readHello } from './read-hello.ts'
import { verify, type NonceContext } from './verification.ts'

/** An open connection of a paired device. */
export type GatewayConnection = {
  /** What the gateway said when it let the device in. */
  readonly hello: HelloOk
  /**
   * Resolves with the payload of the answer.
   *
   * @throws {LatchkeyError} what the gateway answered, TIMEOUT, CLOSED; the signal's reason when it aborts
   */
  request(method: string, params?: unknown, options?: RequestOptions): Promise<unknown>
  /** Resolves when the connection has ended, with why. */
  readonly closed: Promise<{
    /** The close code (RFC 6455, section 7.4); 1006 when the connection broke off. */
    readonly code: number
    /** What the gateway said. Text from elsewhere: show it as such. */
    readonly reason: string
  }>
  /** Ends it. What still waits for an answer rejects with CLOSED. */
  close(): void
}

/** What the parts of the client know of a connection besides. */
export type OpenConnection = Omit<GatewayConnection, 'closed'> & {
  readonly closed: Promise<LinkEnd>
  terminate(error: LatchkeyError): void
}

export type ConnectionHooks = {
  /** Before any event of this connection. */
  onOpen?: (connection: OpenConnection) => void
  onFrame?: () => void
}

const CONNECT_ID = 'connect'

/**
 * Opens a connection and takes it to hello-ok. Nothing stays open when it rejects.
 *
 * @throws {LatchkeyError} PairingRequiredError, GATEWAY_UNREACHABLE, TIMEOUT, CLOSED, REFUSED and others as the
 *   gateway answered; the signal's reason when it aborts
 */
export async function openConnection(
  platform: ClientPlatform,
  settings: ConnectSettings,
  hooks: ConnectionHooks = {},
): Promise<OpenConnection> {
  const { url, identity, timeoutMs, signal } = settings
  signal?.throwIfAborted()
  const pending = pendingRequests(platform.startTimer)
  const closed = Promise.withResolvers<LinkEnd>()
  const opened = Promise.withResolvers<OpenConnection>()
  let phase: 'challenge' | 'connect' | 'refused' | 'open' = 'challenge'
  let sent: NonceContext | null = null

  /** When the gateway that ends asked us to come back. */
  let restartMs: number | null = null

  const link = openLink(platform, url, {
    onFrame(frame) {
      hooks.onFrame?.()
      if (frame.type === 'event' && frame.event === 'connect.challenge') {
        if (phase === 'challenge') answer(frame.payload).catch(opened.reject)
      } else if (phase === 'connect' && frame.type === 'res' && frame.id === CONNECT_ID) {
        decided(frame)
      } else if (phase === 'open' && frame.type === 'res') {
        pending.settle(frame)
      } else if (phase === 'open' && frame.type === 'event' && typeof frame.event === 'string') {
        if (frame.event === 'shutdown') restartMs = restartOf(frame.payload)
        callBack(settings.onEvent, frame.event, frame.payload)
      }
    },
    onEnd(end) {
      // The gateway closes right after a refusal, which may still be worked on.
      if (phase !== 'refused') opened.reject(end.error)
      const error = restartMs === null ? end.error : withPause(end.error, restartMs)
      pending.failAll(error)
      closed.resolve({ ...end, error })
    },
  })

  async function answer(payload: unknown): Promise<void> {
    phase = 'connect'
    const challenge = readChallenge(payload)
    if (challenge === null) throw notTheProtocol(url)
    const localProof = identity === null ? null : link.prove(payload, identity.deviceId)
    const request = await connectRequest(platform, settings, challenge, localProof)
    sent = request.sent
    link.send(JSON.stringify({ type: 'req', id: CONNECT_ID, method: 'connect', params: request.params }))
  }

  function decided(frame: Readonly<Record<string, unknown>>): void {
    const hello = frame.ok === true ? readHello(frame.payload) : null
    if (hello !== null) {
      phase = 'open'
      link.admitted()
      const connection = connectionOf(hello, link, pending, closed.promise, timeoutMs)
      hooks.onOpen?.(connection)
      opened.resolve(connection)
    } else if (frame.ok === true) {
      opened.reject(notTheProtocol(url))
    } else {
      phase = 'refused'
      refusal(platform, settings, sent, frame.error).then(opened.reject, opened.reject)
    }
  }

  const cancel = platform.startTimer(() => {
    opened.reject(
      new LatchkeyError('TIMEOUT', `${url} did not finish the handshake within ${timeoutMs} ms`, {
        details: { url, timeoutMs },
      }),
    )
  }, timeoutMs)
  const onAbort = (): void => {
    opened.reject(signal?.reason)
  }
  signal?.addEventListener('abort', onAbort)
  try {
    return await opened.promise
  } catch (error) {
    link.terminate(error instanceof LatchkeyError ? error : new LatchkeyError('CLOSED'))
    throw error
  } finally {
    cancel()
    signal?.removeEventListener('abort', onAbort)
  }
}

/** What the answer to `connect` means for the caller. */
async function refusal(
  platform: ClientPlatform,
  { identity }: ConnectSettings,
  sent: NonceContext | null,
  error: unknown,
): Promise<LatchkeyError> {
  const wire = readWireError(error)
  const isPairing =
    wire?.code === 'NOT_PAIRED' &&
    // Older gateways send no details; those that want a device at all send others.
    (wire.details.code === 'PAIRING_REQUIRED' || wire.details.code === undefined)
  if (!isPairing) return refusedError(error)
  const verification =
    identity === null ? ({ kind: 'none' } as const) : await verify(platform, identity, sent, wire.details)
  return new PairingRequiredError(wire, verification)
}

function connectionOf(
  hello: HelloOk,
  link: Link,
  pending: PendingRequests,
  closed: Promise<LinkEnd>,
  timeoutMs: number,
): OpenConnection {
  let isClosing = false
  return {
    hello,
    closed,
    async request(method, params, options = {}) {
      options.signal?.throwIfAborted()
      if (isClosing || link.end !== null) throw link.end?.error ?? new LatchkeyError('CLOSED')
      const waitMs = readMs('request', 'timeoutMs', options.timeoutMs, timeoutMs)
      return pending.add(method, waitMs, options.signal, (id) => {
        link.send(frameText(hello, { type: 'req', id, method, params }))
      })
    },
    close() {
      isClosing = true
      pending.failAll(new LatchkeyError('CLOSED', 'this connection was closed'))
      link.close()
    },
    terminate: (error) => {
      link.terminate(error)
    },
  }
}

/** One that is too large would end the connection, with everybody else's requests. */
function frameText(
  { policy }: HelloOk,
  frame: { type: 'req'; id: string; method: string; params: unknown },
): string {
  const text = JSON.stringify(frame)
  const bytes = text.length * 3 > policy.maxPayload ? new TextEncoder().encode(text).length : 0
  if (bytes <= policy.maxPayload) return text
  throw new LatchkeyError(
    'INVALID_REQUEST',
    `${frame.method}: the request has ${bytes} bytes, and the gateway takes ${policy.maxPayload}`,
  )
}

/** The part that callers see. */
export function publicConnection(connection: OpenConnection): GatewayConnection {
  return {
    hello: connection.hello,
    request: (method, params, options) => connection.request(method, params, options),
    closed: connection.closed.then(({ code, reason }) => ({ code, reason })),
    close: () => {
      connection.close()
    },
  }
}

/** Each client is told another moment, so that not all of them come back at the same one. */
function restartOf(payload: unknown): number | null {
  const ms = (payload as { readonly restartExpectedMs?: unknown } | null | undefined)?.restartExpectedMs
  return typeof ms === 'number' && Number.isFinite(ms) && ms >= 0 ? ms : null
}

function withPause(error: LatchkeyError, retryAfterMs: number): LatchkeyError {
  const { code, message, details } = error
  return new LatchkeyError(code, message, { cause: error, details: { ...details, retryAfterMs } })
}
