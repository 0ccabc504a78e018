import { LatchkeyError } from '../errors.ts'
import {
  PAIRING_SCOPE,
  requireCurrent,
  requireReach,
  requireReachable,
  requireScope,
  seesAll,
  type Authority,
} from './authority.ts'
import type { Device } from './device.ts'
import { isConnectedElsewhere, ownPairings, pairedDevice, type PairedDevice } from './list-pairings.ts'
import type { PairingContext } from './pairing-context.ts'
import type { PairingRequest } from './pairing-request.ts'

/** Devices that are read at a time. */
const BATCH = 250
/** Devices that are looked at for one page: a filter that few pass must not hold up everybody else. */
const MAX_SCANNED = 2500

export type DevicePage = {
  /** Those after this device id. */
  readonly after?: string | undefined
  readonly limit: number
  /** Asked first, before the grants are read. Default: all. */
  readonly matches?: ((device: Device, isElsewhere: boolean) => boolean) | undefined
  /** Only those that hold this role. */
  readonly role?: string | undefined
}

export type RequestPage = {
  /** Those after this request, by age. */
  readonly after?: RequestPosition | undefined
  readonly limit: number
  /** Default: all. */
  readonly matches?: ((request: PairingRequest) => boolean) | undefined
}

export type RequestPosition = Pick<PairingRequest, 'createdAtMs' | 'id'>

/** `last`: where to go on from; `null` when there is no more. */
export type ListedDevices = { readonly devices: readonly PairedDevice[]; readonly last: string | null }
export type ListedRequests = {
  readonly requests: readonly PairingRequest[]
  readonly last: RequestPosition | null
}

/**
 * A page of the paired devices, by id; without `operator.admin` the caller alone. With a filter a page may have
 * fewer than `limit`, or none, and still not be the last.
 */
export async function listDevices(
  context: PairingContext,
  authority: Authority,
  page: DevicePage,
): Promise<ListedDevices> {
  if (!(await seesAll(context, authority))) {
    const { paired } = await ownPairings(context, authority)
    const matches = ({ device, isElsewhere }: PairedDevice): boolean =>
      page.matches?.(device, isElsewhere) !== false
    return { devices: paired.filter((entry) => matches(entry) && hasRole(page, entry)), last: null }
  }
  const devices: PairedDevice[] = []
  let { after } = page
  for (let scanned = 0; scanned < MAX_SCANNED;) {
    const batch = await context.tx.devices({ after, limit: Math.min(BATCH, page.limit + 1) })
    for (const device of batch) {
      if (devices.length === page.limit) return { devices, last: after ?? null }
      after = device.id
      scanned += 1
      const isElsewhere = await isConnectedElsewhere(context, device)
      if (page.matches?.(device, isElsewhere) === false) continue
      const entry = await pairedDevice(context, device, isElsewhere)
      if (hasRole(page, entry)) devices.push(entry)
    }
    if (batch.length === 0) return { devices, last: null }
  }
  return { devices, last: after ?? null }
}

/** A page of what waits, oldest first; without `operator.admin` the caller's own request alone. */
export async function listPending(
  context: PairingContext,
  authority: Authority,
  { after, limit, matches = () => true }: RequestPage,
): Promise<ListedRequests> {
  if (!(await seesAll(context, authority)))
    return { requests: (await ownPairings(context, authority)).pending.filter(matches), last: null }
  const { tx } = context
  const requests: PairingRequest[] = []
  const size = Math.min(BATCH, limit + 1)
  let from = after
  let batch: PairingRequest[]
  do {
    batch = await tx.pendingRequests(size, from)
    for (const request of batch) {
      if (!matches(request)) continue
      if (requests.length === limit) return { requests, last: requests.at(-1) ?? null }
      requests.push(request)
    }
    from = batch.at(-1)
  } while (batch.length === size)
  return { requests, last: null }
}

/** @throws {LatchkeyError} NOT_FOUND, FORBIDDEN */
export async function showDevice(
  context: PairingContext,
  authority: Authority,
  deviceId: string,
): Promise<PairedDevice> {
  await requireReachable(context, authority, deviceId)
  const device = await context.tx.device(deviceId)
  if (device === null) throw new LatchkeyError('NOT_FOUND', 'unknown deviceId')
  return pairedDevice(context, device)
}

/**
 * The request, whatever became of it.
 *
 * @throws {LatchkeyError} NOT_FOUND, FORBIDDEN
 */
export async function showRequest(
  context: PairingContext,
  authority: Authority,
  requestId: string,
): Promise<PairingRequest> {
  await requireCurrent(context, authority)
  requireScope(context.lattice, authority, PAIRING_SCOPE)
  const request = await context.tx.request(requestId)
  if (request === null) throw new LatchkeyError('NOT_FOUND', 'unknown requestId')
  requireReach(context.lattice, authority, request.deviceId)
  return request
}

function hasRole({ role }: DevicePage, { grants }: PairedDevice): boolean {
  return role === undefined || grants.some((grant) => grant.role === role)
}
