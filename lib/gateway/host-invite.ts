import { LatchkeyError, rejectUnknownKeys } from '../errors.ts'
import type { GatewayCore } from './gateway-core.ts'

/** What an invitation of the program itself gives. */
export type HostInviteOptions = {
  /** Default `operator`. */
  role?: string
  /** What it gives in this role. Has no default: say it. */
  scopes: readonly string[]
  /** For the owner's records. */
  label?: string
  /** How long it can be used, in milliseconds, at most a week. Default: 10 minutes. */
  ttlMs?: number
  /** Works only as long as no owner has approved anything. Default `false`. */
  firstOwner?: boolean
}

/** An invitation that was made. */
export type HostInvite = {
  /** Names it, for the owner's records; no secret. */
  readonly inviteId: string
  /** The secret: goes into a setup code or a link. Nobody can say it again. */
  readonly bootstrapToken: string
  /** Milliseconds since the epoch. */
  readonly expiresAtMs: number
}

const KNOWN: Record<keyof Required<HostInviteOptions>, true> = {
  role: true,
  scopes: true,
  label: true,
  ttlMs: true,
  firstOwner: true,
}

/** @throws {LatchkeyError} see `Gateway.invite` */
export async function hostInvite(core: GatewayCore, options: HostInviteOptions): Promise<HostInvite> {
  rejectUnknownKeys('invite', options, Object.keys(KNOWN))
  const { role = 'operator', scopes, label, ttlMs, firstOwner: isFirstOwner = false } = options
  if (!Array.isArray(scopes) || !scopes.every((scope) => typeof scope === 'string'))
    throw invalid('scopes: expected a list such as ["operator.read"]')
  if (typeof isFirstOwner !== 'boolean') throw invalid('firstOwner: expected true or false')
  if (label !== undefined && typeof label !== 'string') throw invalid('label: expected a text')
  core.requireKnown(role, scopes)
  const host = { kind: 'host', name: 'host' } as const
  const { invite, token } = await core.service.invite(host, { role, scopes, label, ttlMs, isFirstOwner })
  return { inviteId: invite.id, bootstrapToken: token, expiresAtMs: invite.expiresAtMs }
}

function invalid(message: string): LatchkeyError {
  return new LatchkeyError('OPTION_INVALID', `invite: ${message}`)
}
