import { LatchkeyError } from '../errors.ts'
import {
  createGateway as createBareGateway,
  type Gateway,
  type GatewayOptions as BareOptions,
} from '../gateway/index.ts'
import { gatewayPages } from './gateway-pages.ts'

export type GatewayOptions = BareOptions & {
  /** Whether `gateway.routes()` serves the owner's console at `console` below its mount. Default `true`. */
  console?: boolean
  /** Whether it serves the admin HTTP API at `api` below its mount. Default `true`. */
  api?: boolean
}

/**
 * Makes a gateway on a store. A client that is truly on this machine is paired silently, for its first
 * pairing, a role upgrade and a scope upgrade alike; everybody else waits for the approval of the owner, who
 * decides on the command line, in the console or over HTTP.
 *
 * Does *not* protect against programs of the same user on this machine: they are the residents.
 *
 * @throws {LatchkeyError} OPTION_UNKNOWN, OPTION_INVALID, STORE_UNAVAILABLE
 *
 * @example
 * const gateway = await createGateway({ store: await sqliteStore('.latchkey/latchkey.db') })
 * app.use('/gateway', gateway.routes())
 * gateway.attach(server, { path: '/gateway' })
 */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  // What is no object at all gets its answer there.
  if (typeof (options as unknown) !== 'object' || (options as unknown) === null)
    return createBareGateway(options)
  const { console: hasConsole = true, api: hasApi = true, ...bare } = options
  for (const [name, value] of Object.entries({ console: hasConsole, api: hasApi })) {
    if (typeof (value as unknown) !== 'boolean')
      throw new LatchkeyError('OPTION_INVALID', `${name}: expected true or false`)
  }
  return createBareGateway(bare, (host) => gatewayPages(host, { api: hasApi, console: hasConsole }))
}
