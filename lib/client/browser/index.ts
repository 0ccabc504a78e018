/**
 * `latchkey/client/browser`: the client for pages. Plain ES modules that import nothing but each other.
 */
import { callGatewayOn, type CallOptions } from '../call-gateway.ts'
import { parseConnectOptions, type ConnectOptions } from '../connect-options.ts'
import { gatewayClientOn, type GatewayClient, type GatewayClientOptions } from '../gateway-client.ts'
import { openConnection, publicConnection, type GatewayConnection } from '../gateway-connection.ts'
import { browserPlatform } from './browser-platform.ts'

export { LatchkeyError } from '../../errors.ts'
export type { ErrorDetails, LatchkeyErrorCode } from '../../errors.ts'
export { adviceOf } from '../advice.ts'
export type { BackoffOptions } from '../backoff.ts'
export type { CallOptions } from '../call-gateway.ts'
export type { StartTimer } from '../client-platform.ts'
export type { ConnectAuth, ConnectOptions } from '../connect-options.ts'
export type { DeviceIdentity } from '../device-identity.ts'
export { dpopProof } from '../dpop-proof.ts'
export type { DpopProofOptions } from '../dpop-proof.ts'
export type { ClientState, GatewayClient, GatewayClientOptions } from '../gateway-client.ts'
export type { GatewayConnection } from '../gateway-connection.ts'
export type { HelloOk } from '../../protocol/hello-ok.ts'
export { PairingRequiredError } from '../pairing-required-error.ts'
export type { PairingReason } from '../pairing-required-error.ts'
export type { RequestOptions } from '../pending-requests.ts'
export { browserIdentity } from './browser-identity.ts'

/** As `connectGateway` of `latchkey/client`. */
export async function connectGateway(options: ConnectOptions): Promise<GatewayConnection> {
  const settings = parseConnectOptions('connectGateway', options, [])
  return publicConnection(await openConnection(browserPlatform, settings))
}

/** As `callGateway` of `latchkey/client`. */
export function callGateway(options: CallOptions): Promise<unknown> {
  return callGatewayOn(browserPlatform, options)
}

/** As `gatewayClient` of `latchkey/client`; a browser does not tell an HTTP 403 from other failures. */
export function gatewayClient(options: GatewayClientOptions): GatewayClient {
  return gatewayClientOn(browserPlatform, options)
}
