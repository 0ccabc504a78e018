import { LatchkeyError } from '../errors.ts'
import type { ApprovalOutcome } from './approve-request.ts'
import { pairedDevice, type PairedDevice } from './list-pairings.ts'
import type { PairingContext } from './pairing-context.ts'
import type { PairingRequest } from './pairing-request.ts'

/** What became of an approval. */
export type Approval =
  | { readonly kind: 'approved'; readonly paired: PairedDevice }
  | { readonly kind: 'half-approved'; readonly request: PairingRequest }

/** The device as it is after an approval; `null` before, and when it was removed since. */
export async function approvedDevice(
  context: PairingContext,
  outcome: ApprovalOutcome,
): Promise<PairedDevice | null> {
  if (outcome.kind !== 'approved') return null
  const device = await context.tx.device(outcome.request.deviceId)
  return device === null ? null : pairedDevice(context, device)
}

/** @throws {LatchkeyError} FORBIDDEN for a wrong code, NOT_FOUND for a device that was removed since */
export function approvalOf(outcome: ApprovalOutcome, paired: PairedDevice | null): Approval {
  if (outcome.kind === 'half-approved') return outcome
  if (outcome.kind === 'wrong-code') {
    const { attemptsLeft } = outcome.problem
    const then = attemptsLeft === 0 ? 'The request was rejected' : `${attemptsLeft} more and it is rejected`
    throw new LatchkeyError('FORBIDDEN', `this is not the code that the device shows. ${then}.`, {
      details: { code: 'WRONG_CODE', attemptsLeft },
    })
  }
  // Approved once, and removed since.
  if (paired === null) throw new LatchkeyError('NOT_FOUND', 'this device was removed after the approval')
  return { kind: 'approved', paired }
}
