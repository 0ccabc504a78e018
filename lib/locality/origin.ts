import { parseHost, sameAuthority, type HostName } from './host.ts'

const DEFAULT_PORTS: ReadonlyMap<string, number> = new Map([
  ['http', 80],
  ['https', 443],
])

/** Whose page a request acts for. */
export type OriginStanding =
  /** No browser is involved, or it says that no page is (`Sec-Fetch-Site: none`). */
  | 'none'
  /** The page came from the very host that it calls. */
  | 'same-origin'
  /** A page of an origin that the operator allowed. Never paired silently. */
  | 'allowed'
  /** Another page, `null`, or something no browser sends. */
  | 'foreign'

/**
 * Judges Origin (RFC 6454, section 7) and Sec-Fetch-Site. `host` is the request's Host when it is a local
 * one, else `null`: a page of a name that was rebound to this machine is not of this machine.
 */
export function originStanding(
  origins: readonly string[],
  fetchSites: readonly string[],
  host: HostName | null,
  allowedOrigins: ReadonlySet<string>,
): OriginStanding {
  const [origin] = origins
  const site = fetchSites[0]
  const siteIsOurs =
    fetchSites.length === 0 || (fetchSites.length === 1 && (site === 'same-origin' || site === 'none'))
  if (origin === undefined) return siteIsOurs ? 'none' : 'foreign'
  if (origins.length > 1) return 'foreign'
  if (siteIsOurs && host !== null && isOriginOf(origin, host)) return 'same-origin'
  return allowedOrigins.has(origin) ? 'allowed' : 'foreign'
}

/** True when `origin` is how a browser writes http or https and this host. */
function isOriginOf(origin: string, host: HostName): boolean {
  const [scheme = '', rest, ...more] = origin.split('://')
  const defaultPort = DEFAULT_PORTS.get(scheme)
  if (defaultPort === undefined || rest === undefined || more.length > 0) return false
  const authority = parseHost(rest)
  // Browsers write origins in lower case and leave the default port out; what does not is not a browser.
  if (authority === null || rest !== rest.toLowerCase() || authority.port === defaultPort) return false
  return sameAuthority(authority, host, defaultPort)
}

/** `scheme://host[:port]`, lower case, no path: how a browser would write it. */
export function isSerializedOrigin(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@]+$/.test(text) && text === text.toLowerCase()
}
