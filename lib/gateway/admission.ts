import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { GatewayCore } from './gateway-core.ts'

export type HttpRefusal = {
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly retryAfterS?: number
}

/** What an upgrade of the gateway's own path is refused for before the 101. */
export function admissionProblem(core: GatewayCore, request: IncomingMessage): HttpRefusal | null {
  if (core.isClosing) {
    const detail = 'The gateway is closing. Try again, here or at another node.'
    return { status: 503, title: 'Service Unavailable', detail, retryAfterS: 1 }
  }
  return pageProblem(core, request)
}

/**
 * What has to be refused before the 101: afterwards a browser would let the page read and write. Judges the
 * page that a request acts for (cross-site WebSocket hijacking, DNS rebinding), not where it comes from.
 */
export function pageProblem(core: GatewayCore, request: IncomingMessage): HttpRefusal | null {
  if (core.judge.originOf(request) !== 'foreign') return null
  return {
    status: 403,
    title: 'Forbidden',
    detail:
      'Pages of this origin may not connect. If the page is yours, add its origin to allowedOrigins; ' +
      'its connections then still wait for the approval of the owner.',
  }
}

/** Answers an upgrade with an HTTP error (RFC 9457) and ends the connection. */
export function refuseUpgrade(socket: Duplex, { status, title, detail, retryAfterS }: HttpRefusal): void {
  const body = JSON.stringify({ type: 'about:blank', title, status, detail })
  socket.end(
    [
      `HTTP/1.1 ${status} ${title}`,
      'Connection: close',
      'Content-Type: application/problem+json',
      'Cache-Control: no-store',
      ...(retryAfterS === undefined ? [] : [`Retry-After: ${retryAfterS}`]),
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  )
  // A client that does not close its end must not keep the connection.
  const timer = setTimeout(() => socket.destroy(), 1000)
  timer.unref()
  socket.once('close', () => {
    clearTimeout(timer)
  })
}
