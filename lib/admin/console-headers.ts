import type { IncomingMessage, ServerResponse } from 'node:http'

/**
 * No script, style or connection but those of this very origin (`'self'` has the WebSocket in it), no markup
 * from text, no frame around the page.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': POLICY,
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
}

/** What a policy of the app for its own pages would break, or weaken. */
const NOT_THE_APPS = ['Content-Security-Policy-Report-Only', 'Cross-Origin-Embedder-Policy']

const FOR_SECURE_CONTEXTS = ['Cross-Origin-Opener-Policy', 'Origin-Agent-Cluster']
/** What browsers call trustworthy without TLS (Secure Contexts, section 3.1), which is nothing to be let in by. */
const TRUSTWORTHY = /^(?:(?:[^:]+\.)?localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$/i

/** Replaces what the app's own middleware, such as helmet, has set for its pages. */
export function setConsoleHeaders(request: IncomingMessage, response: ServerResponse): void {
  for (const name of NOT_THE_APPS) response.removeHeader(name)
  // Browsers do not heed it over plain http; a proxy that keeps it would send them to a port without TLS.
  if (!isEncrypted(request)) response.removeHeader('Strict-Transport-Security')
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
  // Heeded in secure contexts alone; elsewhere a browser complains of them.
  if (!isEncrypted(request) && !TRUSTWORTHY.test(request.headers.host ?? ''))
    for (const name of FOR_SECURE_CONTEXTS) response.removeHeader(name)
}

/** Decides about nothing but headers that a browser heeds over TLS alone. */
function isEncrypted(request: IncomingMessage): boolean {
  return 'encrypted' in request.socket || request.headers['x-forwarded-proto'] === 'https'
}
