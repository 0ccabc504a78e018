import { seesAll, type Authority } from './authority.ts'
import type { Device } from './device.ts'
import { ownPairings, pairedDevice, type PairedDevice } from './list-pairings.ts'
import type { PairingContext } from './pairing-context.ts'
import type { SeenPosition } from './pairing-store.ts'

/** Devices that are read at a time. */
const BATCH = 500
/** Devices that are looked at for one page: a search that few pass must not hold up everybody else. */
const MAX_SCANNED = 20_000

/** `connected`: after this device among those that are connected; `seen`: behind this one among the others. */
export type RecentPosition =
  { readonly among: 'connected'; readonly id: string } | ({ readonly among: 'seen' } & SeenPosition)

export type RecentPage = {
  readonly after?: RecentPosition | undefined
  readonly limit: number
  readonly connectedIds: ReadonlySet<string>
  /** Default: all. */
  readonly matches?: ((device: Device) => boolean) | undefined
}

/** `last`: where to go on from; `null` when there is no more. */
export type RecentDevices = {
  readonly devices: readonly PairedDevice[]
  readonly last: RecentPosition | null
}

/**
 * A page of the paired devices as people look for them: those that are connected, then those seen last; without
 * `operator.admin` the caller alone. With a search a page may have fewer than `limit` and still not be the last.
 */
export async function recentDevices(
  context: PairingContext,
  authority: Authority,
  page: RecentPage,
): Promise<RecentDevices> {
  const { limit, matches = () => true } = page
  if (!(await seesAll(context, authority))) {
    const { paired } = await ownPairings(context, authority)
    return { devices: paired.filter(({ device }) => matches(device)), last: null }
  }
  const found: PairedDevice[] = []
  let last: RecentPosition | null = null
  for await (const [device, position] of inOrder(context, page)) {
    if (device === null) return { devices: found, last: position }
    // One more than fits: so there is a further page.
    if (found.length === limit) return { devices: found, last }
    last = position
    if (matches(device)) found.push(await pairedDevice(context, device))
  }
  return { devices: found, last: null }
}

type Step = readonly [Device | null, RecentPosition]

/** Every device behind `after`; `null` in place of one when enough were looked at. */
async function* inOrder({ tx }: PairingContext, page: RecentPage): AsyncGenerator<Step> {
  const { after, connectedIds } = page
  if (after?.among !== 'seen') {
    const ids = [...connectedIds].sort().filter((id) => after === undefined || id > after.id)
    for (const id of ids) {
      const device = await tx.device(id)
      if (device !== null) yield [device, { among: 'connected', id }]
    }
  }
  let from: SeenPosition | undefined = after?.among === 'seen' ? after : undefined
  let batch: Device[]
  let scanned = 0
  do {
    batch = await tx.devicesBySeen({ after: from, limit: BATCH })
    for (const device of batch) {
      const { id, lastSeenAtMs, createdAtMs } = device
      from = { seenAtMs: lastSeenAtMs ?? createdAtMs, id }
      if (!connectedIds.has(id)) yield [device, { among: 'seen', ...from }]
    }
    scanned += batch.length
    if (scanned > MAX_SCANNED && from !== undefined) yield [null, { among: 'seen', ...from }]
  } while (batch.length === BATCH)
}

/** What these devices are called; those that are unknown, or none of the caller's business, are left out. */
export async function deviceNames(
  context: PairingContext,
  authority: Authority,
  deviceIds: readonly string[],
): Promise<Map<string, string | null>> {
  const isUnlimited = await seesAll(context, authority)
  const names = new Map<string, string | null>()
  for (const id of deviceIds) {
    const isOwn = authority.kind === 'device' && authority.deviceId === id
    const device = isUnlimited || isOwn ? await context.tx.device(id) : null
    if (device !== null) names.set(id, device.label ?? device.displayName)
  }
  return names
}
