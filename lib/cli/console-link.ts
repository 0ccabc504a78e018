/**
 * The page of the owner's console below the gateway's mount, with the token of an invitation in the fragment:
 * browsers send it to nobody, so that it is in no log. `null` for a gateway that has no address of a page.
 */
export function consoleLink(gatewayUrl: string, bootstrapToken: string): string | null {
  const url = URL.parse(gatewayUrl)
  const scheme = { 'ws:': 'http:', 'wss:': 'https:', 'http:': 'http:', 'https:': 'https:' }[
    url?.protocol ?? ''
  ]
  if (url === null || scheme === undefined || !/^[\w-]+$/.test(bootstrapToken)) return null
  return `${scheme}//${url.host}${url.pathname.replace(/\/+$/, '')}/console#invite=${bootstrapToken}`
}

/** True for a URL whose host is this machine by its very name or number. */
export function isLoopbackUrl(gatewayUrl: string): boolean {
  const hostname = URL.parse(gatewayUrl)?.hostname ?? ''
  return /^(?:localhost|[a-z0-9.-]+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname)
}
