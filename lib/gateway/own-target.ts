import type { IncomingMessage } from 'node:http'
import { connectionFacts } from '../evidence/index.ts'
import { canonicalAddress } from '../locality/address.ts'
import { isHostOfAddress, parseHost, sameAuthority, type HostName } from '../locality/host.ts'
import type { LocalityPolicy } from '../locality/index.ts'

const TARGET = /^(https?):\/\/([^/?#@\s]+)(\/[^?#\s]*)?(?:[?#].*)?$/i
const DEFAULT_PORT = { http: 80, https: 443 } as const

/**
 * True when a URL that somebody signed is that of this request at this gateway: its path is the one that was
 * asked for, and its host is ours. The Host header alone does not make it ours, since whoever passes on what was
 * meant for another server writes that as well: it must be a name or an address of this machine. A public name
 * is ours when it is in `allowedOrigins`.
 */
export function isOwnTarget(policy: LocalityPolicy, request: IncomingMessage, target: string): boolean {
  const parts = TARGET.exec(target)
  if (parts === null) return false
  const scheme = parts[1]?.toLowerCase() === 'https' ? 'https' : 'http'
  const authority = parseHost(parts[2] ?? '')
  if (authority === null || (parts[3] ?? '/') !== pathOf(request)) return false
  const port = DEFAULT_PORT[scheme]
  for (const origin of policy.allowedOrigins) {
    const [ownScheme, rest = ''] = origin.split('://')
    const own = parseHost(rest)
    if (ownScheme === scheme && own !== null && sameAuthority(own, authority, port)) return true
  }
  // Without TLS here, a proxy may still have ended it.
  if ('encrypted' in request.socket && scheme !== 'https') return false
  const host = hostOf(request)
  return host !== null && isOwnHost(policy, request, host) && sameAuthority(host, authority, port)
}

function isOwnHost(policy: LocalityPolicy, request: IncomingMessage, host: HostName): boolean {
  if (host.isLoopback) return true
  if (policy.hosts.some((own) => own.name === host.name && (own.port === null || own.port === host.port)))
    return true
  const { localAddress } = connectionFacts(request.socket)
  const own = localAddress === null ? null : canonicalAddress(localAddress)
  return own !== null && isHostOfAddress(host, own)
}

/** Of HTTP/1 or HTTP/2; `null` when there are several. */
function hostOf({ rawHeaders }: IncomingMessage): HostName | null {
  const given = rawHeaders.filter(
    (_, index) => /^(?:host|:authority)$/i.test(rawHeaders[index - 1] ?? '') && index % 2 === 1,
  )
  const [only, ...others] = new Set(given)
  return only === undefined || others.length > 0 ? null : parseHost(only)
}

/** As it was sent: Express rewrites `url` below a mount point. */
function pathOf(request: IncomingMessage): string {
  const sent = (request as { readonly originalUrl?: string }).originalUrl ?? request.url ?? ''
  return sent.split('?', 1)[0] ?? ''
}
