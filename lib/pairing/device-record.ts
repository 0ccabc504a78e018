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
  const isFresh = known !== null && nowMs - (known.lastSeenAtMs ?? -Infinity) < LAST_SEEN_EVERY_MS
  if (!isFresh || CLAIMS.some((claim) => device[claim] !== known[claim])) await tx.putDevice(device)
}

function describe({ id, publicKey, claims }: Claimant, known: Device | null, nowMs: number): Device {
  const label = known?.label ?? null
  return { id, publicKey, ...claims, label, createdAtMs: known?.createdAtMs ?? nowMs, lastSeenAtMs: nowMs }
}
