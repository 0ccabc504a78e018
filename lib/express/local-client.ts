import type { IncomingMessage, ServerResponse } from 'node:http'
import { localityJudge, platformPeerLookup, type Examined, type PeerLookup } from '../evidence/index.ts'
import { localityPolicy, type LocalityOptions, type LocalityVerdict } from '../locality/index.ts'
import { keepLocality } from './request-locality.ts'

// Here, because this file's types reach whoever imports the package.
declare global {
  // The namespace that Express's own types merge with.
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace Express {
    // eslint-disable-next-line @typescript-eslint/consistent-type-definitions
    interface Request {
      /** True when the client is on this machine, as far as can be proved. Set by `localClient()`. */
      readonly isLocalClient: boolean
      /** Where the client is, and why. Set by `localClient()`. */
      readonly clientLocality: LocalityVerdict
    }
  }
}

/** How locality is decided, and who asks the kernel. */
export type LocalClientOptions = LocalityOptions & {
  /** Default: what this platform has. */
  readonly peerLookup?: PeerLookup
}

/** A middleware of Express 4 or 5, or of Connect; Express's own types are not needed. */
export type LocalClientMiddleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void

/**
 * Express middleware that works out where the client truly is, and sets `req.isLocalClient` and
 * `req.clientLocality`. A response whose handler read either carries `Cache-Control: no-store`, so that no
 * cache gives one client's answer to another.
 *
 * Does *not* protect against programs of the same user, nor on its own against cross-site requests of a
 * browser on this machine: `requireLocalClient()` does the latter.
 *
 * @throws {LatchkeyError} OPTION_UNKNOWN, OPTION_INVALID
 *
 * @example
 * app.use(localClient())
 * app.get('/status', (req, res) => res.json({ local: req.isLocalClient }))
 */
export function localClient(options: LocalClientOptions = {}): LocalClientMiddleware {
  const { peerLookup, ...locality } = options
  const judge = localityJudge(localityPolicy(locality), peerLookup ?? platformPeerLookup())
  return function localClient(request, response, next) {
    const go = (examined: Examined): void => {
      keepLocality(request, response, examined)
      next()
    }
    const examined = judge.examine(request)
    if (examined instanceof Promise) examined.then(go, next)
    else go(examined)
  }
}
