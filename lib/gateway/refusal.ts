import type { LocalityVerdict } from '../locality/index.ts'
import type { ConnectOutcome, RoleAsk, Unfiled } from '../pairing/index.ts'
import { pairingRequiredMessage, type ErrorShape, type PairingRequiredDetails } from '../protocol/index.ts'
import { revealOf } from './verification.ts'

const RETRY_AFTER_MS = 5000

const WAIT_LONGER = 'Too many pairing requests are waiting. Ask the owner to decide on them, then try again.'
/** A device that the owner ignores is told what any other one is told when there is no room. */
const UNFILED: Readonly<Record<Unfiled, string>> = {
  'too-many': WAIT_LONGER,
  ignored: WAIT_LONGER,
  'too-often': 'This device has made too many different requests within an hour. Wait, then try again.',
  refused: 'A rule of this gateway refuses this device. Ask the owner.',
  decided: 'A part of this was approved. Try again to ask for the rest.',
  'too-much': 'This device has asked for too many scopes. Ask for those that it needs.',
}

/** What a device is told that has to wait for the owner. The close reason fits into a close frame. */
export function pairingRefusal(
  deviceId: string,
  ask: RoleAsk,
  outcome: Extract<ConnectOutcome, { kind: 'waiting' }>,
  verdict: LocalityVerdict,
): { readonly error: ErrorShape; readonly closeReason: string } {
  const { reason, request, unfiled, heldRoles, heldScopes } = outcome
  const verification = request === null ? null : revealOf(request)
  const message = pairingRequiredMessage(reason)
  const { advice } = verdict
  const details: PairingRequiredDetails = {
    code: 'PAIRING_REQUIRED',
    reason,
    ...(request === null ? {} : { requestId: request.id, digest: request.digest }),
    ...(verification === null ? {} : { verification }),
    deviceId,
    requestedRole: ask.role,
    requestedScopes: ask.scopes,
    ...(heldRoles.length === 0 ? {} : { approvedRoles: heldRoles, approvedScopes: heldScopes }),
    remediationHint:
      request === null
        ? UNFILED[unfiled ?? 'too-many']
        : `Ask the owner to approve it: latchkey approve ${request.id} --digest ${request.digest}`,
    recommendedNextStep: 'wait_then_retry',
    retryable: true,
    retryAfterMs: RETRY_AFTER_MS,
    locality: { reason: verdict.reason, ...(advice === undefined ? {} : { advice }) },
  }
  const error = { code: 'NOT_PAIRED', message, details, retryable: true, retryAfterMs: RETRY_AFTER_MS }
  return { error, closeReason: request === null ? message : `${message} (requestId: ${request.id})` }
}
