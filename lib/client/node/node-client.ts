import { callGatewayOn, type CallOptions as SharedCallOptions } from '../call-gateway.ts'
import { parseConnectOptions, type ConnectOptions as SharedConnectOptions } from '../connect-options.ts'
import { gatewayClientOn, type GatewayClient, type GatewayClientOptions as SharedClientOptions } from '../gateway-client.ts' // prettier-ignore
import { openConnection, publicConnection, type GatewayConnection } from '../gateway-connection.ts'
import { NODE_OPTIONS, nodePlatform, type NodeOptions } from './node-platform.ts'

/** How to connect, from Node. */
export type ConnectOptions = SharedConnectOptions & NodeOptions
/** How to connect, and what to call. */
export type CallOptions = SharedCallOptions & NodeOptions
/** How to connect, and to connect again. */
export type GatewayClientOptions = SharedClientOptions & NodeOptions

/**
 * Connects and pairs. On the gateway's own machine that is silent.
 *
 * @throws {LatchkeyError} PairingRequiredError with the request that waits for the owner, GATEWAY_UNREACHABLE,
 *   TIMEOUT, CLOSED, REFUSED and others as the gateway answered; OPTION_UNKNOWN, OPTION_INVALID; the signal's
 *   reason when it aborts
 */
export async function connectGateway(options: ConnectOptions): Promise<GatewayConnection> {
  const settings = parseConnectOptions('connectGateway', options, NODE_OPTIONS)
  return publicConnection(await openConnection(nodePlatform(options), settings))
}

/**
 * One call on a connection of its own, with the least scopes that it needs. From the gateway's own machine it
 * never meets a prompt.
 *
 * @throws {LatchkeyError} as `connectGateway`, and the answer
 */
export async function callGateway(options: CallOptions): Promise<unknown> {
  return callGatewayOn(nodePlatform(options), options, NODE_OPTIONS)
}

/**
 * A connection that is made again whenever it ends: after pauses that grow, spread out after a restart of the
 * gateway, and for as long as it takes while the owner has not decided. It gives up on what no retry mends.
 *
 * @throws {LatchkeyError} OPTION_UNKNOWN, OPTION_INVALID
 *
 * @example
 * const client = gatewayClient({ url, identity, scopes: ['operator.read'], onPairingRequired: console.log })
 * await client.request('notes.list')
 */
export function gatewayClient(options: GatewayClientOptions): GatewayClient {
  return gatewayClientOn(nodePlatform(options), options, NODE_OPTIONS)
}
