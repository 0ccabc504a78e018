import { randomUUID } from 'node:crypto'
import type { LocalityVerdict } from '../locality/verdict.ts'
import type { Device } from './device.ts'
import type { PairingContext } from './pairing-context.ts'
import {
  coversAsk,
  requestDigest,
  widenAsks,
  type PairingReason,
  type PairingRequest,
  type RoleAsk,
} from './pairing-request.ts'

/** A refused attempt, for the owner to decide on. */
export type Attempt = {
  readonly device: Device
  readonly ask: RoleAsk
  readonly reason: PairingReason
  readonly verdict: LocalityVerdict
  readonly addressPrefix: string
}

/**
 * Files the attempt with what this device waits for already. A covered retry keeps the request and keeps it
 * alive; one that asks for more takes its place with the union of both. `null` when too many are waiting: a
 * newcomer never pushes out a request that was made before.
 */
export async function fileRequest(context: PairingContext, attempt: Attempt): Promise<PairingRequest | null> {
  const { tx, lattice, nowMs, limits } = context
  const { device, ask } = attempt
  const pending = await tx.pendingRequestOf(device.id)
  if (pending !== null && coversAsk(lattice, pending.asks, ask)) return keepAlive(context, pending, ask)

  if (pending === null) {
    if ((await tx.countPending()) >= limits.maxPending) return null
    if ((await tx.countPendingFrom(attempt.addressPrefix)) >= limits.maxPendingPerPrefix) return null
  }
  const asks = widenAsks(pending?.asks ?? [], ask)
  const request: PairingRequest = {
    id: randomUUID(),
    deviceId: device.id,
    publicKey: device.publicKey,
    asks,
    role: ask.role,
    reason: attempt.reason,
    digest: requestDigest(device.id, asks),
    state: 'pending',
    supersededBy: null,
    displayName: device.displayName,
    platform: device.platform,
    deviceFamily: device.deviceFamily,
    clientId: device.clientId,
    clientMode: device.clientMode,
    fromAddress: attempt.verdict.clientAddress,
    addressPrefix: attempt.addressPrefix,
    localityReason: attempt.verdict.reason,
    localityAdvice: attempt.verdict.advice ?? null,
    createdAtMs: nowMs,
    refreshedAtMs: nowMs,
    expiresAtMs: nowMs + limits.requestTtlMs,
    decidedAtMs: null,
    decidedBy: null,
  }
  if (pending !== null) await tx.putRequest({ ...pending, state: 'superseded', supersededBy: request.id })
  await tx.putRequest(request)
  context.events.push({ kind: 'requested', request })
  return request
}

async function keepAlive(
  context: PairingContext,
  pending: PairingRequest,
  ask: RoleAsk,
): Promise<PairingRequest> {
  const { nowMs, limits } = context
  // A client that retries every second must not cost a disk write every second.
  if (nowMs - pending.refreshedAtMs < limits.requestTtlMs / 10) return pending
  const kept = { ...pending, role: ask.role, refreshedAtMs: nowMs, expiresAtMs: nowMs + limits.requestTtlMs }
  await context.tx.putRequest(kept)
  return kept
}

/** Marks what nobody retried in time. */
export async function expireRequests(context: PairingContext): Promise<void> {
  for (const request of await context.tx.expiredRequests(context.nowMs)) {
    const expired: PairingRequest = { ...request, state: 'expired', decidedAtMs: context.nowMs }
    await context.tx.putRequest(expired)
    context.events.push({ kind: 'resolved', request: expired, decision: 'expired' })
  }
}
