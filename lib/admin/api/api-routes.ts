import type { IncomingMessage } from 'node:http'
import type { GatewayHost, RoutesHandler } from '../../gateway/index.ts'
import { dpopState } from './authenticate-device.ts'
import { entityTag, isNotModified } from './entity-tag.ts'
import { handleRequest, toldProblem, type ApiState } from './handle-request.ts'
import { headerValues } from './header-values.ts'
import { idempotencyMemory } from './idempotency.ts'
import { isRead } from './methods.ts'
import { openApiDocument } from './openapi.ts'
import { ApiProblem } from './problem.ts'
import { notAllowed } from './route-table.ts'
import { problemAnswer, send, type SentAnswer } from './send.ts'

const ROOT = '/api'

/**
 * The admin HTTP API, below `api` where the gateway is mounted. Everything else goes on to `next`.
 *
 * It sends no CORS headers, and refuses whatever a page from elsewhere asks for, reading included.
 */
export function apiRoutes(host: GatewayHost): RoutesHandler {
  const state: ApiState = { host, dpop: dpopState(host), idempotency: idempotencyMemory() }
  return function latchkeyApi(request, response, next) {
    const [path, query] = splitOnce(request.url ?? '', '?')
    if (path !== ROOT && !path.startsWith(`${ROOT}/`)) {
      next()
      return
    }
    answer(state, request, path.slice(ROOT.length), query)
      .catch((error: unknown) => problemAnswer(toldProblem(host, error)))
      .then((sent) => send(request, response, sent))
      .catch(next)
  }
}

async function answer(
  state: ApiState,
  request: IncomingMessage,
  path: string,
  query: string,
): Promise<SentAnswer> {
  requireOwnPage(state.host, request)
  if (path === '/openapi.json') return describe(request)
  const sent = (request as { readonly originalUrl?: string }).originalUrl ?? request.url ?? ''
  return handleRequest(state, request, path, query, splitOnce(sent, '?')[0])
}

/** A page from elsewhere may not even read. What no browser sent, or no page, is judged by its credentials. */
function requireOwnPage(host: GatewayHost, request: IncomingMessage): void {
  const sites = headerValues(request, 'sec-fetch-site')
  const isOwnSite = sites.every((site) => site === 'same-origin' || site === 'none')
  if (isOwnSite && host.originOf(request) !== 'foreign') return
  const detail =
    'Pages of this origin may not call the API. If the page comes from this gateway through a proxy, add its ' +
    'origin to allowedOrigins.'
  throw new ApiProblem('CROSS_SITE', detail)
}

let document: string | null = null

/** Public, and the same for everybody: there is nothing of this gateway in it. */
function describe(request: IncomingMessage): SentAnswer {
  if (!isRead(request.method)) throw notAllowed(['GET'])
  document ??= JSON.stringify(openApiDocument())
  const headers = { ETag: entityTag(document), 'Cache-Control': 'public, max-age=300' }
  if (isNotModified(request, headers.ETag)) return { status: 304, headers, text: null }
  return { status: 200, headers: { ...headers, 'Content-Type': 'application/json' }, text: document }
}

function splitOnce(text: string, at: string): [string, string] {
  const index = text.indexOf(at)
  return index === -1 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)]
}
