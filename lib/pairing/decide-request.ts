import { LatchkeyError } from '../errors.ts'
import {
  actorOf,
  ADMIN_SCOPE,
  requireAdmin,
  requireCurrent,
  requireReach,
  requireScope,
  type Authority,
} from './authority.ts'
import { describeRequest } from './file-request.ts'
import { findRequest, requirePending, settle } from './find-request.ts'
import type { PairingContext } from './pairing-context.ts'
import type { IgnoredDevice } from './pairing-store.ts'
import type { PairingRequest } from './pairing-request.ts'

/** @throws {LatchkeyError} NOT_FOUND, FORBIDDEN, INVALID_REQUEST (decided otherwise), REQUEST_SUPERSEDED */
export async function rejectRequest(
  context: PairingContext,
  authority: Authority,
  requestId: string,
  reason: string | null = null,
): Promise<PairingRequest> {
  const request = await findRequest(context, authority, requestId)
  if (request.state === 'rejected') return request
  requirePending(request)
  const details = { ...describeRequest(request), said: reason }
  await context.audit.record('request-rejected', actorOf(authority), request.deviceId, details)
  return settle(context, authority, request, 'rejected')
}

/** Rejects a request, and hears no more of its key: what it asks for from now on is not filed. */
export async function ignoreRequest(
  context: PairingContext,
  authority: Authority,
  requestId: string,
): Promise<PairingRequest> {
  const { tx, nowMs, lattice, audit } = context
  const request = await findRequest(context, authority, requestId)
  requireScope(lattice, authority, ADMIN_SCOPE)
  const { deviceId, displayName } = request
  if ((await tx.ignored(deviceId)) === null) {
    await tx.putIgnored({ deviceId, displayName, ignoredBy: actorOf(authority), ignoredAtMs: nowMs })
    await audit.record('device-ignored', actorOf(authority), deviceId, describeRequest(request))
    context.events.push({ kind: 'changed', what: 'ignored', deviceId })
  }
  if (request.state !== 'pending') return request
  await audit.record('request-rejected', actorOf(authority), deviceId, { requestId, said: 'ignored' })
  return settle(context, authority, request, 'rejected')
}

/** Hears of the key again. */
export async function unignoreDevice(
  context: PairingContext,
  authority: Authority,
  deviceId: string,
): Promise<void> {
  await requireAdmin(context, authority)
  if ((await context.tx.ignored(deviceId)) === null)
    throw new LatchkeyError('NOT_FOUND', 'this device is not ignored')
  await context.tx.deleteIgnored(deviceId)
  await context.audit.record('device-unignored', actorOf(authority), deviceId, {})
  context.events.push({ kind: 'changed', what: 'ignored', deviceId })
}

export async function listIgnored(context: PairingContext, authority: Authority): Promise<IgnoredDevice[]> {
  await requireAdmin(context, authority)
  return context.tx.ignoredDevices()
}

/** Takes a device out, with all that it holds and asks for. Its live connections end with the event. */
export async function removeDevice(
  context: PairingContext,
  authority: Authority,
  deviceId: string,
): Promise<void> {
  const { tx, lattice, audit } = context
  await requireCurrent(context, authority)
  requireReach(lattice, authority, deviceId)
  const device = await tx.device(deviceId)
  if (device === null) throw new LatchkeyError('NOT_FOUND', 'unknown deviceId')
  const pending = await tx.pendingRequestOf(deviceId)
  if (pending !== null) await settle(context, authority, pending, 'rejected')
  const held = (await tx.grants(deviceId)).map(({ role, scopes, via }) => ({ role, scopes, via }))
  await tx.deleteDevice(deviceId)
  const { displayName, label } = device
  const details = { displayName, label, held, pending: pending?.id ?? null }
  await audit.record('device-removed', actorOf(authority), deviceId, details)
  context.events.push({ kind: 'removed', deviceId })
}
