import type { GatewayHost } from '../../gateway/index.ts'
import type { PairingRequest } from '../../pairing/index.ts'

/** A request as the WebSocket writes it, with what became of it. */
export function requestRecord(host: GatewayHost, request: PairingRequest): object {
  const { state, supersededBy, decidedAtMs, decidedBy } = request
  const ending = Object.entries({ supersededBy, decidedAtMs, decidedBy })
  return {
    ...host.records.request(request),
    state,
    ...Object.fromEntries(ending.filter(([, value]) => value !== null)),
  }
}
