import { sharedBucket } from './auth-buckets.ts'
import { rateLimited } from './credential-refusal.ts'
import type { ConnectRefusal, ConnectingClient } from './decide-connect.ts'
import type { GatewayCore } from './gateway-core.ts'

/**
 * Counts a bad proof of a device. Who fails in proofs also fails for the credentials of its network: neither
 * gives more tries than the other.
 *
 * @returns the refusal, when there have been too many: it does not say what is wrong with the proof
 */
export async function limitBadProof(
  core: GatewayCore,
  client: ConnectingClient,
): Promise<ConnectRefusal | null> {
  const { authFailures } = core
  const shared = sharedBucket(core, client)
  return authFailures.inTurn(async () => {
    const waitMs = await authFailures.usedUpForMs([shared])
    if (waitMs !== null) return rateLimited(core, waitMs)
    await authFailures.count([shared], 'device-proof')
    return null
  })
}
