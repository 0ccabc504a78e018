import type { LocalityVerdict } from '../locality/verdict.ts'
import type { ConnectAttempt } from './connect-device.ts'
import type { Device } from './device.ts'
import type { PairingContext } from './pairing-context.ts'
import {
  coversAsk,
  requestDigest,
  widenAsks,
  type PairingReason,
  type PairingRequest,
} from './pairing-request.ts'

const HOUR_MS = 60 * 60 * 1000
/** Of all roles of one request together. */
const MAX_ASKED_SCOPES = 128

/** A refused attempt, for the owner to decide on. */
export type Attempt = Pick<ConnectAttempt, 'ask' | 'addressPrefix' | 'requestId' | 'verification'> & {
  readonly device: Device
  readonly reason: PairingReason
  readonly verdict: LocalityVerdict
}

/**
 * Why no request waits. `ignored` is for the owner's eyes: the device is not told. `refused`: the app's own rule
 * has rejected it at once. `decided`: the one of this connection was decided on already, and gave less than was
 * asked for.
 */
export type Unfiled = 'too-many' | 'too-often' | 'too-much' | 'ignored' | 'refused' | 'decided'

export type Filed = {
  readonly request: PairingRequest | null
  readonly isNew: boolean
  readonly unfiled: Unfiled | null
}

/**
 * Files the attempt with what this device waits for already. A covered retry keeps the request and keeps it
 * alive; one that asks for more takes its place with the union of both. Beyond the caps none is filed: a
 * newcomer never pushes out a request that was made before.
 */
export async function fileRequest(context: PairingContext, attempt: Attempt): Promise<Filed> {
  const { tx, lattice } = context
  const { device, ask } = attempt
  if ((await tx.ignored(device.id)) !== null) return { request: null, isNew: false, unfiled: 'ignored' }
  const pending = await tx.pendingRequestOf(device.id)
  if (pending !== null && coversAsk(lattice, pending.asks, ask))
    return { request: await keepAlive(context, pending, attempt), isNew: false, unfiled: null }

  const unfiled = await overCaps(context, attempt, pending)
  if (unfiled !== null) return { request: null, isNew: false, unfiled }
  const request = requestOf(context, attempt, pending)
  if (pending !== null) await tx.putRequest({ ...pending, state: 'superseded', supersededBy: request.id })
  await tx.putRequest(request)
  await record(context, request, pending)
  context.events.push({ kind: 'requested', request })
  return { request, isNew: true, unfiled: null }
}

async function overCaps(
  { tx, limits, nowMs }: PairingContext,
  { device, ask, addressPrefix, requestId }: Attempt,
  pending: PairingRequest | null,
): Promise<Unfiled | null> {
  // An id names one request for good: a decision on it must stay on record.
  if ((await tx.request(requestId)) !== null) return 'decided'
  const scopes = widenAsks(pending?.asks ?? [], ask).flatMap((one) => one.scopes)
  if (scopes.length > MAX_ASKED_SCOPES) return 'too-much'
  if ((await tx.countRequestsOf(device.id, nowMs - HOUR_MS)) >= limits.maxRequestsPerDevice)
    return 'too-often'
  if (pending !== null) return null
  if ((await tx.countPending()) >= limits.maxPending) return 'too-many'
  return (await tx.countPendingFrom(addressPrefix)) >= limits.maxPendingPerPrefix ? 'too-many' : null
}

function requestOf(
  { nowMs, limits }: PairingContext,
  attempt: Attempt,
  pending: PairingRequest | null,
): PairingRequest {
  const { device, ask, verdict } = attempt
  const asks = widenAsks(pending?.asks ?? [], ask)
  const { displayName, platform, deviceFamily, clientId, clientMode } = device
  return {
    id: attempt.requestId,
    deviceId: device.id,
    publicKey: device.publicKey,
    asks,
    role: ask.role,
    reason: attempt.reason,
    digest: requestDigest(device.id, asks),
    state: 'pending',
    supersededBy: null,
    displayName,
    platform,
    deviceFamily,
    clientId,
    clientMode,
    fromAddress: verdict.clientAddress,
    addressPrefix: attempt.addressPrefix,
    localityReason: verdict.reason,
    localityAdvice: verdict.advice ?? null,
    localityTrace: verdict.trace,
    verification: attempt.verification,
    codeFailures: 0,
    approvals: [],
    createdAtMs: nowMs,
    refreshedAtMs: nowMs,
    expiresAtMs: nowMs + limits.requestTtlMs,
    decidedAtMs: null,
    decidedBy: null,
  }
}

async function keepAlive(
  { tx, nowMs, limits }: PairingContext,
  pending: PairingRequest,
  { ask }: Attempt,
): Promise<PairingRequest> {
  // A client that retries every second must not cost a disk write every second.
  if (nowMs - pending.refreshedAtMs < limits.requestTtlMs / 10) return pending
  const kept = { ...pending, role: ask.role, refreshedAtMs: nowMs, expiresAtMs: nowMs + limits.requestTtlMs }
  await tx.putRequest(kept)
  return kept
}

async function record(
  { audit }: PairingContext,
  request: PairingRequest,
  superseded: PairingRequest | null,
): Promise<void> {
  if (superseded !== null) {
    const details = { requestId: superseded.id, supersededBy: request.id }
    await audit.recordWithinBudget('request-superseded', 'gateway', request.deviceId, details)
  }
  await audit.recordWithinBudget(
    'request-filed',
    request.deviceId,
    request.deviceId,
    describeRequest(request),
  )
}

/** Marks what nobody retried in time. */
export async function expireRequests(context: PairingContext): Promise<void> {
  const { tx, nowMs, audit, events } = context
  for (const request of await tx.expiredRequests(nowMs)) {
    const expired: PairingRequest = { ...request, state: 'expired', decidedAtMs: nowMs }
    await tx.putRequest(expired)
    await audit.recordWithinBudget('request-expired', 'gateway', request.deviceId, { requestId: request.id })
    events.push({ kind: 'resolved', request: expired, decision: 'expired' })
  }
}

/** What the audit log keeps of a request: all that the owner could see of it, and why it was not let in. */
export function describeRequest(request: PairingRequest): object {
  const { id: requestId, asks, reason, digest, fromAddress, localityReason, localityTrace } = request
  const { displayName, platform, clientId, clientMode, verification } = request
  const claims = { displayName, platform, clientId, clientMode }
  const why = { from: fromAddress, locality: localityReason, trace: localityTrace }
  return { requestId, digest, asks, reason, hasCode: verification !== null, ...claims, ...why }
}
