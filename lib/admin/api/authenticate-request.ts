import type { IncomingMessage } from 'node:http'
import type { GatewayHost } from '../../gateway/index.ts'
import type { Authority } from '../../pairing/index.ts'
import { authenticateDevice, type DpopState } from './authenticate-device.ts'
import { authenticateLocal } from './authenticate-local.ts'
import { unauthenticated } from './challenge.ts'
import { headerValues } from './header-values.ts'
import { ApiProblem } from './problem.ts'

const CREDENTIALS = /^([A-Za-z0-9-]+) +(\S+)\s*$/
const BASIC = /^[A-Za-z0-9+/_-]+=*$/

/**
 * Who a request acts as: a paired device by its token and a proof of its key, or a client on this machine that
 * could be paired silently. The latter needs the shared secret as well, where there is one.
 *
 * @throws {ApiProblem} with status 401, 403 or 429
 */
export function authenticateRequest(
  host: GatewayHost,
  dpop: DpopState,
  request: IncomingMessage,
): Promise<Authority> {
  const given = headerValues(request, 'authorization')
  if (given.length === 0) return authenticateLocal(host, request, { token: null, password: null })
  const [, scheme = '', credentials = ''] = (given.length === 1 && CREDENTIALS.exec(given[0] ?? '')) || []
  const { mode } = host.sharedSecret
  switch (scheme.toLowerCase()) {
    case 'dpop':
      return authenticateDevice(host, dpop, request, credentials)
    case 'bearer':
      if (mode === 'token') return authenticateLocal(host, request, { token: credentials, password: null })
      throw bearerRefused()
    case 'basic':
      // Of the app's own login, when the gateway has no password: it says nothing to us.
      return authenticateLocal(host, request, {
        token: null,
        password: mode === 'password' ? passwordOf(credentials) : null,
      })
    default:
      throw unauthenticated(
        'AUTHORIZATION_MALFORMED',
        'expected one header: Authorization: DPoP <device token>',
      )
  }
}

/** Of `user:password` (RFC 7617), whoever the user is. */
function passwordOf(credentials: string): string | null {
  if (!BASIC.test(credentials)) return null
  const text = Buffer.from(credentials, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon === -1 ? null : text.slice(colon + 1)
}

function bearerRefused(): ApiProblem {
  return unauthenticated(
    'BEARER_REFUSED',
    'A device token is bound to its key: send Authorization: DPoP <device token> with a DPoP proof (RFC 9449) ' +
      'that the device has signed, as dpopProof() of latchkey/client makes it.',
  )
}
