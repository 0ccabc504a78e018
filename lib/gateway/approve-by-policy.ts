import type { LocalityVerdict } from '../locality/index.ts'
import type { ConnectOutcome, PairingRequest } from '../pairing/index.ts'
import type { GatewayCore } from './gateway-core.ts'
import type { DeviceConnect } from './read-connect.ts'

/** A request that waits, for a rule of the app's own. What was verified, and what anybody could say, are kept apart. */
export type PolicyRequest = {
  /** Names the request. */
  readonly requestId: string
  /** Stands for all that an approval grants, as it is now. */
  readonly digest: string
  /** What Latchkey found out itself. */
  readonly verified: {
    /** Of the key, which the client has proved that it holds. */
    readonly deviceId: string
    /** Raw Ed25519 key, base64url. */
    readonly publicKey: string
    /** Why it waits: what the device lacks. */
    readonly reason: PairingRequest['reason']
    /** All that an approval grants. */
    readonly asks: PairingRequest['asks']
    /** Roles in which it holds something already. */
    readonly heldRoles: readonly string[]
    /** All that it holds already, in any role. */
    readonly heldScopes: readonly string[]
    /** Where the client is, and why it is not local. */
    readonly locality: LocalityVerdict
  }
  /** Said by the client about itself: anybody can say the same. */
  readonly claims: {
    /** The device's name for people. */
    readonly displayName: string | null
    /** The operating system, as it says. */
    readonly platform: string | null
    /** The kind of device, as it says. */
    readonly deviceFamily: string | null
    /** The program, as it says. */
    readonly clientId: string | null
    /** How the program runs, as it says. */
    readonly clientMode: string | null
  }
}

/** `ask`: leave it to the owner. An object approves less than asked, or for a time. */
export type PolicyAnswer =
  | 'approve'
  | 'reject'
  | 'ask'
  | {
      /** Grants what follows, or all that was asked for. */
      readonly decision: 'approve'
      /** Only these of the roles asked for. */
      readonly roles?: readonly string[]
      /** At most these scopes. */
      readonly scopes?: readonly string[]
      /** For so many milliseconds. Default: until it is revoked. */
      readonly expiresInMs?: number
    }

/** Decides on a request that was just filed: the option `approve`. The claims in it prove nothing. */
export type PolicyHook = (request: PolicyRequest) => PolicyAnswer | Promise<PolicyAnswer>

const HOST = { kind: 'host', name: 'policy' } as const

/**
 * Lets the app's own rule decide on a request that was just filed. A rule that throws, takes too long or says
 * anything else than it may leaves the request to the owner, and so does one whose approval cannot be carried
 * out.
 *
 * @returns what became of the request
 */
export async function approveByPolicy(
  core: GatewayCore,
  outcome: ConnectOutcome,
  connect: DeviceConnect,
  verdict: LocalityVerdict,
): Promise<'approved' | 'rejected' | 'undecided'> {
  const { approve } = core.config
  if (approve === null || outcome.kind !== 'waiting' || outcome.request === null || !outcome.isNew)
    return 'undecided'
  const { request } = outcome
  const { id: requestId, digest } = request
  try {
    const { heldRoles, heldScopes } = outcome
    const { deviceId, publicKey, reason, asks } = request
    const verified = { deviceId, publicKey, reason, asks, heldRoles, heldScopes, locality: verdict }
    const question = structuredClone({ requestId, digest, verified, claims: connect.claims })
    const answer = await withinTime(
      core.limits.policyMs,
      Promise.resolve().then(() => approve(question)),
    )
    return await carryOut(core, requestId, digest, answer)
  } catch (error) {
    core.config.logger.error('the approve hook failed; the owner is asked', { requestId, error })
    return 'undecided'
  }
}

async function carryOut(
  { service, config }: GatewayCore,
  requestId: string,
  digest: string,
  answer: unknown,
): Promise<'approved' | 'rejected' | 'undecided'> {
  if (answer === 'ask') return 'undecided'
  if (answer === 'reject') {
    await service.reject(HOST, requestId, 'policy')
    return 'rejected'
  }
  if (answer === 'approve') {
    await service.approve(HOST, { requestId, digest })
    return 'approved'
  }
  const less = readAnswer(answer)
  if (less !== null) {
    await service.approve(HOST, { requestId, digest, ...less })
    return 'approved'
  }
  config.logger.error('the approve hook answered what it may not; the owner is asked', { requestId })
  return 'undecided'
}

type Less = {
  readonly roles?: readonly string[]
  readonly scopes?: readonly string[]
  readonly expiresInMs?: number
}

function readAnswer(answer: unknown): Less | null {
  if (typeof answer !== 'object' || answer === null) return null
  const { decision, roles, scopes, expiresInMs, ...rest } = answer as Readonly<Record<string, unknown>>
  const isKnown = decision === 'approve' && Object.keys(rest).length === 0
  if (!isKnown || !isList(roles) || !isList(scopes)) return null
  if (expiresInMs !== undefined && typeof expiresInMs !== 'number') return null
  return {
    ...(roles === undefined ? {} : { roles }),
    ...(scopes === undefined ? {} : { scopes }),
    ...(expiresInMs === undefined ? {} : { expiresInMs }),
  }
}

function isList(value: unknown): value is readonly string[] | undefined {
  return value === undefined || (Array.isArray(value) && value.every((item) => typeof item === 'string'))
}

async function withinTime<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms)
    // A rule that hangs must not keep a process that wants to end.
    timer.unref()
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
