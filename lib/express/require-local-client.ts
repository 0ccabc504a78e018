import type { ServerResponse } from 'node:http'
import { LatchkeyError } from '../errors.ts'
import type { LocalityVerdict } from '../locality/index.ts'
import type { LocalClientMiddleware } from './local-client.ts'
import { localityOf } from './request-locality.ts'

/**
 * Guard: lets local clients pass and answers everybody else with 403 `application/problem+json` (RFC 9457).
 * Requests that a browser makes for a page from elsewhere are refused too. Mount `localClient()` before it;
 * without it every request ends in the error LOCALITY_MISSING.
 */
export function requireLocalClient(): LocalClientMiddleware {
  return function requireLocalClient(request, response, next) {
    const examined = localityOf(request)
    if (examined === undefined) {
      next(new LatchkeyError('LOCALITY_MISSING'))
      return
    }
    const { verdict, origin } = examined
    if (!verdict.isLocal)
      refuse(response, 'not-local-client', 'This is for clients on this machine only.', verdict)
    else if (origin === 'foreign')
      refuse(response, 'cross-site', 'A page from elsewhere may not call this.', verdict)
    else next()
  }
}

function refuse(response: ServerResponse, type: string, title: string, verdict: LocalityVerdict): void {
  const { reason, advice } = verdict
  response.statusCode = 403
  response.setHeader('Content-Type', 'application/problem+json')
  response.setHeader('Cache-Control', 'no-store')
  response.end(JSON.stringify({ type: `urn:latchkey:${type}`, title, status: 403, reason, advice }))
}
