import type { IncomingMessage } from 'node:http'
import type { GatewayHost } from '../../gateway/index.ts'
import { actorOf, type PairingService } from '../../pairing/index.ts'
import { authenticateRequest } from './authenticate-request.ts'
import type { DpopState } from './authenticate-device.ts'
import { entityTag, hasIfMatch, isNotModified, requireIfMatch } from './entity-tag.ts'
import { idempotencyKey, type IdempotencyMemory } from './idempotency.ts'
import { isRead } from './methods.ts'
import { ApiProblem, problemOf } from './problem.ts'
import { checkBody, readCall } from './read-call.ts'
import { readBody } from './read-body.ts'
import type { Route, RouteCall } from './route.ts'
import { matchRoute } from './route-table.ts'
import { problemAnswer, type SentAnswer } from './send.ts'

export type ApiState = {
  readonly host: GatewayHost
  readonly dpop: DpopState
  readonly idempotency: IdempotencyMemory
}

type AnyCall = RouteCall<never, never, never>

/**
 * Answers a request for an operation: finds it, works out who asks, checks what was sent, and runs it.
 *
 * @param path below the API's root
 * @param self the path as the client knows it
 * @throws {ApiProblem | LatchkeyError}
 */
export async function handleRequest(
  state: ApiState,
  request: IncomingMessage,
  path: string,
  query: string,
  self: string,
): Promise<SentAnswer> {
  const { host } = state
  const matched = matchRoute(request.method ?? '', path)
  const { route } = matched
  const authority = await authenticateRequest(host, state.dpop, request)
  const { params, query: parameters } = readCall(route, matched.params, query)
  const hasBody = route.method === 'POST' || route.method === 'PATCH' || sendsBody(request)
  const raw = !isRead(request.method) && hasBody ? await readBody(request) : {}
  const body = checkBody(route, raw)
  const call = { host, authority, service: host.service, params, query: parameters, body } as AnyCall
  if (isRead(request.method)) return read(request, route, call, query, self)

  const service = conditional(request, route, call)
  const work = (): Promise<SentAnswer> => change(route, { ...call, service })
  const key = route.method === 'POST' ? idempotencyKey(request) : null
  if (key === null) return work()
  const asked = JSON.stringify([route.method, path, raw])
  return state.idempotency.once(actorOf(authority), key, asked, () => settled(host, work))
}

async function read(
  request: IncomingMessage,
  route: Route,
  call: AnyCall,
  query: string,
  self: string,
): Promise<SentAnswer> {
  const { body = {}, next } = await route.handle(call)
  const text = JSON.stringify(body)
  const tag = entityTag(text)
  requireIfMatch(request, tag)
  const headers: Record<string, string> = { ETag: tag }
  if (typeof next === 'string') headers.Link = `<${nextOf(self, query, next)}>; rel="next"`
  if (isNotModified(request, tag)) return { status: 304, headers, text: null }
  return { status: 200, headers: { ...headers, 'Content-Type': 'application/json' }, text }
}

async function change(route: Route, call: AnyCall): Promise<SentAnswer> {
  const { status = 200, body, headers = {} } = await route.handle(call)
  if (body === undefined) return { status, headers, text: null }
  const text = JSON.stringify(body)
  const isResource = route.method === 'PATCH'
  const tag: Record<string, string> = isResource ? { ETag: entityTag(text) } : {}
  return { status, headers: { ...headers, ...tag, 'Content-Type': 'application/json' }, text }
}

/** With If-Match, the service that compares and changes in one transaction. */
function conditional(request: IncomingMessage, route: Route, call: AnyCall): PairingService {
  const { service } = call
  if (!hasIfMatch(request)) return service
  const { resource } = route
  if (resource === null) {
    throw new ApiProblem(
      'PRECONDITION_FAILED',
      'there is nothing here that an ETag could be of; leave If-Match out',
    )
  }
  return service.onlyIf(async (now) => {
    requireIfMatch(request, entityTag(JSON.stringify(await resource({ ...call, service: now }))))
  })
}

/** A refusal is an answer too: a retry with the same key gets it again. */
async function settled(host: GatewayHost, work: () => Promise<SentAnswer>): Promise<SentAnswer> {
  try {
    return await work()
  } catch (error) {
    return problemAnswer(toldProblem(host, error))
  }
}

/** The problem to tell; what is wrong here is logged. */
export function toldProblem(host: GatewayHost, error: unknown): ApiProblem {
  const problem = problemOf(error)
  if (problem.status >= 500) host.logger.error('a request to the API could not be answered', { error })
  return problem
}

function sendsBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

function nextOf(self: string, query: string, next: string): string {
  const parameters = new URLSearchParams(query)
  parameters.set('cursor', next)
  // What stands between angle brackets must not end them.
  const path = self.replaceAll(/[^\x21\x23-\x3b\x3d\x3f-\x7e]/g, encodeURIComponent)
  return `${path}?${parameters.toString()}`
}
