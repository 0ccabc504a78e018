import type { ConnectAttempt } from './connect-device.ts'
import type { Device } from './device.ts'
import type { PairingContext } from './pairing-context.ts'

const LAST_SEEN_EVERY_MS = 60_000
const CLAIMS = ['displayName', 'platform', 'deviceFamily', 'clientId', 'clientMode'] as const

type Claimant = Pick<ConnectAttempt, 'id' | 'publicKey' | 'claims'>

/** The device as it describes itself now, with what is kept of it. */
export async function deviceFor({ tx, nowMs }: PairingContext, claimant: Claimant): Promise<Device> {
  const known = await tx.device(claimant.id)
  return describe(claimant, known, nowMs)
}

/** Notes that the device was here: at most once a minute, unless it describes itself otherwise. */
export async function touchDevice({ tx, nowMs }: PairingContext, claimant: Claimant): Promise<void> {
  const known = await tx.device(claimant.id)
  const device = describe(claimant, known, nowMs)
  const isDue = known === null || isSeenDue(known, nowMs)
  if (isDue || CLAIMS.some((claim) => device[claim] !== known[claim])) await tx.putDevice(device)
}

/** The same for one that says nothing of itself, such as a call over HTTP. */
export async function noteSeen({ tx, nowMs }: PairingContext, deviceId: string): Promise<void> {
  const known = await tx.device(deviceId)
  if (known !== null && isSeenDue(known, nowMs)) await tx.putDevice({ ...known, lastSeenAtMs: nowMs })
}

function isSeenDue({ lastSeenAtMs }: Device, nowMs: number): boolean {
  return nowMs - (lastSeenAtMs ?? -Infinity) >= LAST_SEEN_EVERY_MS
}

function describe({ id, publicKey, claims }: Claimant, known: Device | null, nowMs: number): Device {
  const label = known?.label ?? null
  return { id, publicKey, ...claims, label, createdAtMs: known?.createdAtMs ?? nowMs, lastSeenAtMs: nowMs }
}
