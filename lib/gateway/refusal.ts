import type { LocalityVerdict } from '../locality/index.ts'
import type { ConnectOutcome, RoleAsk } from '../pairing/index.ts'
import { pairingRequiredMessage, type ErrorShape, type PairingRequiredDetails } from '../protocol/index.ts'

const RETRY_AFTER_MS = 5000

/** What a device is told that has to wait for the owner. The close reason fits into a close frame. */
export function pairingRefusal(
  deviceId: string,
  ask: RoleAsk,
  outcome: Extract<ConnectOutcome, { kind: 'waiting' }>,
  verdict: LocalityVerdict,
): { readonly error: ErrorShape; readonly closeReason: string } {
  const { reason, request, heldRoles, heldScopes } = outcome
  const message = pairingRequiredMessage(reason)
  const { advice } = verdict
  const details: PairingRequiredDetails = {
    code: 'PAIRING_REQUIRED',
    reason,
    ...(request === null ? {} : { requestId: request.id, digest: request.digest }),
    deviceId,
    requestedRole: ask.role,
    requestedScopes: ask.scopes,
    ...(heldRoles.length === 0 ? {} : { approvedRoles: heldRoles, approvedScopes: heldScopes }),
    remediationHint:
      request === null
        ? 'Too many pairing requests are waiting. Ask the owner to decide on them, then try again.'
        : `Ask the owner to approve it: latchkey approve ${request.id} --digest ${request.digest}`,
    recommendedNextStep: 'wait_then_retry',
    retryable: true,
    retryAfterMs: RETRY_AFTER_MS,
    locality: { reason: verdict.reason, ...(advice === undefined ? {} : { advice }) },
  }
  const error = { code: 'NOT_PAIRED', message, details, retryable: true, retryAfterMs: RETRY_AFTER_MS }
  return { error, closeReason: request === null ? message : `${message} (requestId: ${request.id})` }
}
