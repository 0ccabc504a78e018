import type { IncomingMessage } from 'node:http'
import type { GatewayHost, LocalityVerdict } from '../../gateway/index.ts'
import { ADMIN_SCOPE, type Authority } from '../../pairing/index.ts'
import { localityOf, unauthenticated } from './challenge.ts'
import { isRead } from './methods.ts'
import type { ApiProblem } from './problem.ts'
import { tooManyFailures } from './too-many-failures.ts'

const ASK = { role: 'operator', scopes: [ADMIN_SCOPE] } as const

/**
 * Lets a client in that has no key, when the kernel says that it is on this machine and the silent policy would
 * pair it with `operator.admin`. Nothing that came through a proxy, and no page from elsewhere, gets this; nor
 * does a request that only its headers call local.
 *
 * Does *not* protect against programs of the same user, nor against what makes this very process send requests.
 *
 * @throws {ApiProblem} UNAUTHENTICATED, SHARED_SECRET_MISSING, SHARED_SECRET_MISMATCH, RATE_LIMITED
 */
export async function authenticateLocal(
  host: GatewayHost,
  request: IncomingMessage,
  secret: { readonly token: string | null; readonly password: string | null },
): Promise<Authority> {
  // What changes something is worth asking the kernel again, as a silent grant is.
  const verdict = await host.judge(request, { fresh: !isRead(request.method) })
  if (!verdict.silent || verdict.assurance === 'headers') throw notLocal(verdict)
  if (!host.service.mayPairSilently(verdict, ASK)) {
    const detail =
      'The option silent does not let this client have operator.admin without being asked. Call as a paired device.'
    throw unauthenticated('UNAUTHENTICATED', detail, localityOf(verdict))
  }
  // Only now: from elsewhere nobody learns whether a secret is right.
  const standing = await host.authFailures.checkLocalSecret(request, secret)
  if (typeof standing === 'number') throw tooManyFailures(standing)
  if (standing === 'missing') throw secretMissing(host)
  if (standing === 'wrong')
    throw unauthenticated('SHARED_SECRET_MISMATCH', `the shared ${host.sharedSecret.mode} is wrong`)
  return { kind: 'local', scopes: ASK.scopes }
}

function notLocal(verdict: LocalityVerdict): ApiProblem {
  const why = verdict.isLocal
    ? 'This client is local, but came through a proxy, acts for a page from elsewhere, or is local by its headers alone.'
    : 'This client was not seen to be on this machine.'
  const detail = `${why} Call as a paired device: Authorization: DPoP <device token>, with a DPoP proof.`
  return unauthenticated('UNAUTHENTICATED', detail, localityOf(verdict))
}

function secretMissing({ sharedSecret }: GatewayHost): ApiProblem {
  const how = sharedSecret.mode === 'token' ? 'Bearer <token>' : 'Basic <base64 of user:password>'
  return unauthenticated('SHARED_SECRET_MISSING', `clients without a key send Authorization: ${how}`)
}
