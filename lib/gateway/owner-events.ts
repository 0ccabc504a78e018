import type { ApprovalPolicy, PairingEvent } from '../pairing/index.ts'
import { pendingRecord } from './pairing-records.ts'

/** What this gateway sends unasked, as hello-ok lists it. */
export const EVENTS = [
  'connect.challenge',
  'device.pair.requested',
  'device.pair.resolved',
  'device.pair.granted',
  'device.pair.removed',
  'device.pair.revoked',
  'device.pair.changed',
  'device.presence',
  'locality.taint',
  'tick',
] as const

/** What sessions that may see pairings are sent; `deviceId`: the device that may see it of itself, too. */
export type OwnerEvent = {
  readonly event: (typeof EVENTS)[number]
  readonly deviceId: string | null
  readonly payload: object
}

/** How the protocol tells what happened. */
export function ownerEvent(event: PairingEvent, approval: ApprovalPolicy, nowMs: number): OwnerEvent {
  if (event.kind === 'requested') {
    const { request } = event
    return {
      event: 'device.pair.requested',
      deviceId: request.deviceId,
      payload: pendingRecord(request, approval),
    }
  }
  if (event.kind === 'resolved') {
    const { request, decision } = event
    const { id: requestId, deviceId, decidedAtMs: ts } = request
    return { event: 'device.pair.resolved', deviceId, payload: { requestId, deviceId, decision, ts } }
  }
  const ts = nowMs
  if (event.kind === 'tainted')
    return { event: 'locality.taint', deviceId: null, payload: { taint: event.taint, ts } }
  const { deviceId } = event
  if (event.kind === 'removed') return { event: 'device.pair.removed', deviceId, payload: { deviceId, ts } }
  if (event.kind === 'revoked') {
    const { role, why: reason } = event
    return { event: 'device.pair.revoked', deviceId, payload: { deviceId, role, reason, ts } }
  }
  if (event.kind === 'changed') {
    const payload = { what: event.what, deviceId, ts }
    return { event: 'device.pair.changed', deviceId, payload }
  }
  const { displayName, role, scopes, via } = event
  const payload = { deviceId, ...(displayName === null ? {} : { displayName }), role, scopes, via, ts }
  return { event: 'device.pair.granted', deviceId: event.deviceId, payload }
}
