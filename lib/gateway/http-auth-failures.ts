import type { IncomingMessage } from 'node:http'
import { deviceBucket, localBucket, sharedBucket } from './auth-buckets.ts'
import type { GatewayCore } from './gateway-core.ts'
import type { GivenSecret, SharedSecret } from './shared-secret.ts'

/**
 * The limits on failed authentication, for requests over HTTP: the same buckets as those of connections, so that
 * neither gives more tries than the other. A wait is in milliseconds, `null` when there is none.
 */
export type HttpAuthFailures = {
  /** Counts a proof that is wrong. With a wait there have been too many: then nothing is said about it. */
  countBadProof(request: IncomingMessage): Promise<number | null>
  /** How long no token is looked at of a device that has proved its key. Others cannot lock out a paired one. */
  tokenWaitMs(request: IncomingMessage, deviceId: string): Promise<number | null>
  /** Counts a token that is not good. */
  countBadToken(request: IncomingMessage, deviceId: string): Promise<void>
  /** Compares the shared secret, of a client that is proved to be on this machine. A number is a wait. */
  checkLocalSecret(
    request: IncomingMessage,
    given: GivenSecret,
  ): Promise<ReturnType<SharedSecret['check']> | number>
}

export function httpAuthFailures(core: GatewayCore): HttpAuthFailures {
  const { authFailures, service, sharedSecret } = core
  const sharedOf = (request: IncomingMessage): ReturnType<typeof sharedBucket> =>
    sharedBucket(core, { request, prefix: core.prefixOf(request) })

  return {
    countBadProof(request) {
      const shared = sharedOf(request)
      return authFailures.inTurn(async () => {
        const waitMs = await authFailures.usedUpForMs([shared])
        if (waitMs === null) await authFailures.count([shared], 'device-proof')
        else core.metrics.countRateLimited()
        return waitMs
      })
    },

    async tokenWaitMs(request, deviceId) {
      const ownMs = await authFailures.usedUpForMs([deviceBucket(deviceId)])
      const sharedMs = await authFailures.usedUpForMs([sharedOf(request)])
      const waitMs = ownMs ?? (sharedMs === null || (await service.isPaired(deviceId)) ? null : sharedMs)
      if (waitMs !== null) core.metrics.countRateLimited()
      return waitMs
    },

    async countBadToken(request, deviceId) {
      const own = (await service.isPaired(deviceId)) ? [deviceBucket(deviceId)] : []
      await authFailures.count([sharedOf(request), ...own], 'device-token')
    },

    async checkLocalSecret(request, given) {
      if (!sharedSecret.isGiven(given)) return sharedSecret.check(given)
      const local = localBucket(core, request)
      return authFailures.inTurn(async () => {
        const waitMs = await authFailures.usedUpForMs([local])
        if (waitMs !== null) {
          core.metrics.countRateLimited()
          return waitMs
        }
        const standing = sharedSecret.check(given)
        if (standing === 'wrong') await authFailures.count([local], 'shared-secret')
        return standing
      })
    },
  }
}
