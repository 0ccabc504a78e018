/** Where the page is served, without `/console`: the gateway's mount, and its WebSocket. */
export function gatewayUrl(page: URL): URL {
  const url = new URL('.', page)
  url.protocol = page.protocol === 'https:' ? 'wss:' : 'ws:'
  if (url.pathname !== '/') url.pathname = url.pathname.replace(/\/$/, '')
  return url
}

export function whoamiUrl(page: URL): URL {
  return new URL('whoami', page)
}

/** A link that pairs whichever browser opens it first. What stands after `#` is never sent to a server. */
export function inviteLink(page: URL, token: string): string {
  const url = new URL(page)
  url.search = ''
  url.hash = `invite=${encodeURIComponent(token)}`
  return url.href
}

/** What a tool needs to connect, as one word: base64url of JSON with the address and the token. */
export function setupCode(page: URL, token: string): string {
  const json = JSON.stringify({ url: gatewayUrl(page).href, bootstrapToken: token })
  return btoa(json).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** The token of an invitation in the fragment of an address; `null` when there is none. */
export function inviteIn(page: URL): string | null {
  const token = new URLSearchParams(page.hash.slice(1)).get('invite')
  return token !== null && /^[A-Za-z0-9_-]{1,512}$/.test(token) ? token : null
}
