import type { IncomingMessage } from 'node:http'
import type { JudgeOptions } from '../evidence/index.ts'
import type { LocalityVerdict } from '../locality/index.ts'
import type { OriginStanding } from '../locality/origin.ts'
import {
  BEAT_MS,
  type Invite,
  type PairedDevice,
  type PairingRequest,
  type PairingService,
  type ScopeLattice,
} from '../pairing/index.ts'
import { explainRequest, recipesOf, type Explanation, type ProxyRecipe } from './explain.ts'
import type { GatewayCore } from './gateway-core.ts'
import { httpAuthFailures, type HttpAuthFailures } from './http-auth-failures.ts'
import type { Logger } from './logger.ts'
import { isOwnTarget } from './own-target.ts'
import { parseCode } from './pairing-methods.ts'
import { inviteRecord, pairedRecord, pendingRecord, rotationRecord, undoneRecord } from './pairing-records.ts'
import type { SharedSecret } from './shared-secret.ts'

/** What a gateway offers to those who serve pages of it. */
export type GatewayHost = {
  readonly service: PairingService
  readonly lattice: ScopeLattice
  readonly logger: Logger
  readonly authFailures: HttpAuthFailures
  readonly sharedSecret: Pick<SharedSecret, 'mode'>
  judge(request: IncomingMessage, options?: JudgeOptions): Promise<LocalityVerdict>
  originOf(request: IncomingMessage): OriginStanding
  /** The network that the client is counted by. */
  prefixOf(request: IncomingMessage): string
  /** True when the URL is that of this request at this gateway. */
  isOwnTarget(request: IncomingMessage, url: string): boolean
  isConnected(deviceId: string): boolean
  /** Proofs that were made before may have been used where this gateway cannot know of it. */
  readonly proofsSinceMs: number
  /** @throws {LatchkeyError} INVALID_REQUEST for a role that this gateway does not know, or a scope that is none */
  requireKnown(role: string, scopes: readonly string[]): void
  /** @throws {LatchkeyError} INVALID_REQUEST for what is no verification code at all */
  parseCode(code: string | undefined): string | undefined
  explain(record: unknown): Explanation & { readonly recipes: readonly ProxyRecipe[] }
  /** As the protocol writes them. */
  readonly records: {
    request(request: PairingRequest): Record<string, unknown>
    device(paired: PairedDevice): Record<string, unknown>
    invite(invite: Invite): object
    readonly rotation: typeof rotationRecord
    readonly undone: typeof undoneRecord
  }
}

export function gatewayHost(core: GatewayCore): GatewayHost {
  const { service, lattice, judge, sessions, approval } = core
  // A gateway that was alone with the store notes what was used there only once it has seen this one.
  const unseenMs = service.hasCompany && core.config.store.isShared !== true ? 2 * BEAT_MS : 0
  return {
    service,
    proofsSinceMs: Math.floor(Date.now() / 1000) * 1000 + unseenMs,
    lattice,
    logger: core.config.logger,
    authFailures: httpAuthFailures(core),
    sharedSecret: core.sharedSecret,
    judge: (request, options) => judge.judge(request, options),
    originOf: (request) => judge.originOf(request),
    prefixOf: (request) => core.prefixOf(request),
    isOwnTarget: (request, url) => isOwnTarget(judge.policy, request, url),
    isConnected: (deviceId) => sessions.isConnected(deviceId),
    requireKnown: (role, scopes) => {
      core.requireKnown(role, scopes)
    },
    parseCode,
    explain(record) {
      const explanation = explainRequest(core.config.locality, record)
      return { ...explanation, recipes: recipesOf(explanation.verdict) }
    },
    records: {
      request: (request) => pendingRecord(request, approval),
      device: (paired) => pairedRecord(paired, sessions),
      invite: inviteRecord,
      rotation: rotationRecord,
      undone: undoneRecord,
    },
  }
}
