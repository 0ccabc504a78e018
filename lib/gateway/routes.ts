import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { GatewayCore } from './gateway-core.ts'

/** Fits Express, and a plain server that passes a `next` of its own. */
export type RoutesHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void

/** A probe's own mark, given back so that an answer can be told from a cached one. */
const PROBE = /^[A-Za-z0-9_-]{1,64}$/

/**
 * `GET whoami`: tells a client about itself, and nobody else. `GET metrics`: for local clients, or with the
 * scrape token. Relative to where it is mounted; everything else goes on to `pages`, and from there to `next`.
 */
export function gatewayRoutes(core: GatewayCore, pages?: RoutesHandler): RoutesHandler {
  return function latchkeyRoutes(request, response, next) {
    const [path = '', query = ''] = (request.url ?? '').split('?', 2)
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    if (isRead && path === '/whoami') whoami(core, request, response, query).catch(next)
    else if (isRead && path === '/metrics') metrics(core, request, response).catch(next)
    else if (pages !== undefined && core.isClosing) unavailable(response)
    else if (pages !== undefined) {
      core.answers.add(response)
      response.once('close', () => core.answers.delete(response))
      pages(request, response, next)
    } else next()
  }
}

async function whoami(
  core: GatewayCore,
  request: IncomingMessage,
  response: ServerResponse,
  query: string,
): Promise<void> {
  const verdict = await core.judge.judge(request)
  const probe = new URLSearchParams(query).get('probe') ?? ''
  const answer = { ...verdict, gatewayId: core.gatewayId, ...(PROBE.test(probe) ? { probe } : {}) }
  send(response, 200, 'application/json; charset=utf-8', JSON.stringify(answer))
}

async function metrics(core: GatewayCore, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (hasScrapeToken(core.config.metricsToken, request) || (await isLocalReader(core, request))) {
    send(response, 200, 'text/plain; version=0.0.4; charset=utf-8', core.renderMetrics())
    return
  }
  const problem = {
    type: 'urn:latchkey:not-local-client',
    title: 'Metrics are for clients on this machine, or with the scrape token.',
    status: 403,
  }
  send(response, 403, 'application/problem+json', JSON.stringify(problem))
}

async function isLocalReader(core: GatewayCore, request: IncomingMessage): Promise<boolean> {
  return (await core.judge.judge(request)).isLocal && core.judge.originOf(request) !== 'foreign'
}

function hasScrapeToken(expected: string | null, request: IncomingMessage): boolean {
  const given = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]
  if (expected === null || given === undefined) return false
  return timingSafeEqual(digest(expected), digest(given))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest()
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  })
  response.end(body)
}

function unavailable(response: ServerResponse): void {
  response.setHeader('Retry-After', '1')
  const problem = { type: 'about:blank', title: 'The gateway is closing.', status: 503 }
  send(response, 503, 'application/problem+json', JSON.stringify(problem))
}
