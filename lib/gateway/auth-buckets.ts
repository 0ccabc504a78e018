import { isLoopbackAddress } from '../locality/address.ts'
import type { Bucket } from './auth-failures.ts'
import type { ConnectingClient } from './decide-connect.ts'
import type { GatewayCore } from './gateway-core.ts'
import type { ReadConnect } from './read-connect.ts'

/** Buckets that have to be open before a credential is looked at, and those in which a wrong one counts. */
export type Gate = { readonly look: readonly Bucket[]; readonly count: readonly Bucket[] }

/** Where a client that has not proved anything is counted. */
export function sharedBucket(
  core: GatewayCore,
  { request, prefix }: Pick<ConnectingClient, 'request' | 'prefix'>,
): Bucket {
  const address = core.judge.clientAddressOf(request)
  if (address !== null && !isLoopbackAddress(address)) return { kind: 'network', key: prefix }
  // One for all of 127.0.0.0/8: whoever is on this machine may call from any address of it.
  const place = address === null ? 'unknown' : 'loopback'
  return { kind: 'near', key: `${place}${pageOf(core, request)}` }
}

/** Where clients are counted that are proved to be on this machine. */
export function localBucket(core: GatewayCore, request: ConnectingClient['request']): Bucket {
  return { kind: 'near', key: `local${pageOf(core, request)}` }
}

export function deviceBucket(deviceId: string): Bucket {
  return { kind: 'device', key: deviceId }
}

/**
 * Which buckets a client is held to. Those that anybody can use up for others do not bind whom nobody else can
 * speak for: a paired device that has proved its key, and a client that is proved to be on this machine.
 *
 * @param isPaired of the device that has proved its key; asked only when it matters
 * @returns how long to wait, when nothing is open to it
 */
export async function gateFor(
  core: GatewayCore,
  client: ConnectingClient,
  connect: ReadConnect,
  isPaired: () => Promise<boolean>,
): Promise<Gate | { readonly waitMs: number }> {
  const { authFailures } = core
  const { device } = connect
  const shared = sharedBucket(core, client)
  const own = device === null ? [] : [deviceBucket(device.id)]
  const ownWaitMs = await authFailures.usedUpForMs(own)
  if (ownWaitMs !== null) return { waitMs: ownWaitMs }
  const waitMs = await authFailures.usedUpForMs([shared])
  if (waitMs === null) return { look: [...own, shared], count: [shared] }
  if (await isPaired()) return { look: own, count: [shared] }
  const local = localBucket(core, client.request)
  const isOpen = (await authFailures.usedUpForMs([local])) === null
  if (isOpen && (await isProvedLocal(core, client, connect))) return { look: [...own, local], count: [local] }
  return { waitMs }
}

async function isProvedLocal(
  core: GatewayCore,
  client: ConnectingClient,
  { device, localProof }: ReadConnect,
): Promise<boolean> {
  const localSecret = device !== null && client.localSecret?.proves(localProof, device.id) === true
  const verdict = await core.judge.judge(client.request, { upgrade: true, fresh: true, localSecret })
  return verdict.silent
}

/** Pages apart from programs. Few texts are possible: pages of foreign origins have been refused before. */
function pageOf(core: GatewayCore, request: ConnectingClient['request']): string {
  const { origin } = request.headers
  if (origin === undefined) return ''
  // The Host that it equals is the client's to choose, so these are one bucket.
  return core.judge.originOf(request) === 'allowed' ? ` page ${origin}` : ' page'
}
