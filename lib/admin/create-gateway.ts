import { LatchkeyError } from '../errors.ts'
import {
  createGateway as createBareGateway,
  type Gateway,
  type GatewayOptions as BareOptions,
} from '../gateway/index.ts'
import { apiRoutes } from './api/api-routes.ts'

export type GatewayOptions = BareOptions & {
  /** Whether `gateway.routes()` serves the admin HTTP API at `api` below its mount. Default `true`. */
  api?: boolean
}

/**
 * Makes a gateway on a store. A client that is truly on this machine is paired silently, for its first
 * pairing, a role upgrade and a scope upgrade alike; everybody else waits for the approval of the owner, who
 * decides on the command line or over HTTP.
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
  const { api: hasApi = true, ...bare } = options
  if (typeof hasApi !== 'boolean') throw new LatchkeyError('OPTION_INVALID', 'api: expected true or false')
  return createBareGateway(bare, hasApi ? apiRoutes : undefined)
}
