import { seesAll, type Authority } from './authority.ts'
import type { Device } from './device.ts'
import type { Grant } from './grant.ts'
import type { PairingContext } from './pairing-context.ts'
import type { PairingRequest } from './pairing-request.ts'
import type { TokenRecord } from './token.ts'

const PAGE = 500

/** A paired device with all that it holds. Never a token. */
export type PairedDevice = {
  readonly device: Device
  readonly grants: readonly Grant[]
  readonly tokens: readonly TokenSummary[]
  /** It is connected to another node. */
  readonly isElsewhere: boolean
}

/** A token's record without any part of the token. */
export type TokenSummary = Pick<
  TokenRecord,
  'role' | 'issuedAtMs' | 'expiresAtMs' | 'lastUsedAtMs' | 'revokedAtMs'
>

export type Pairings = {
  readonly pending: readonly PairingRequest[]
  readonly paired: readonly PairedDevice[]
}

/** All pairings; without `operator.admin` those of the caller alone. */
export async function listPairings(context: PairingContext, authority: Authority): Promise<Pairings> {
  const { tx, limits } = context
  if (!(await seesAll(context, authority))) return ownPairings(context, authority)
  const paired: PairedDevice[] = []
  let after: string | undefined
  let page: Device[]
  do {
    page = await tx.devices({ after, limit: PAGE })
    for (const device of page) paired.push(await pairedDevice(context, device))
    after = page.at(-1)?.id
  } while (page.length === PAGE)
  return { pending: await tx.pendingRequests(limits.maxPending), paired }
}

/** What a caller without `operator.admin` sees. */
export async function ownPairings(context: PairingContext, authority: Authority): Promise<Pairings> {
  if (authority.kind !== 'device') return { pending: [], paired: [] }
  const own = await ownDevice(context, authority)
  const pending = await context.tx.pendingRequestOf(authority.deviceId)
  return {
    pending: [pending].filter((one) => one !== null),
    paired: [own].filter((one) => one !== null),
  }
}

/** What a device may always know: what it holds itself. */
export async function ownDevice(context: PairingContext, authority: Authority): Promise<PairedDevice | null> {
  if (authority.kind !== 'device') return null
  const own = await context.tx.device(authority.deviceId)
  return own === null ? null : pairedDevice(context, own)
}

export async function pairedDevice(
  context: PairingContext,
  device: Device,
  isElsewhere?: boolean,
): Promise<PairedDevice> {
  const { tx } = context
  const tokens = (await tx.tokens(device.id)).map(
    ({ role, issuedAtMs, expiresAtMs, lastUsedAtMs, revokedAtMs }) => ({
      role,
      issuedAtMs,
      expiresAtMs,
      lastUsedAtMs,
      revokedAtMs,
    }),
  )
  const grants = await tx.grants(device.id)
  return { device, grants, tokens, isElsewhere: isElsewhere ?? (await isConnectedElsewhere(context, device)) }
}

/** Alone, a node need not ask. */
export async function isConnectedElsewhere({ tx, node }: PairingContext, device: Device): Promise<boolean> {
  return node.hasCompany && tx.isPresent(device.id, node.id)
}
