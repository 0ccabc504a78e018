import type { LocalityVerdict } from '../locality/verdict.ts'
import { decidePairing } from './decide-pairing.ts'
import type { Device } from './device.ts'
import { fileRequest } from './file-request.ts'
import type { PairingContext } from './pairing-context.ts'
import type { PairingReason, PairingRequest, RoleAsk } from './pairing-request.ts'
import { hashToken, mintToken, tokenMatches } from './token.ts'

const LAST_SEEN_EVERY_MS = 60_000

/** A device that has proved its key, and what it wants. */
export type ConnectAttempt = {
  readonly id: string
  readonly publicKey: string
  readonly claims: Pick<Device, 'displayName' | 'platform' | 'deviceFamily' | 'clientId' | 'clientMode'>
  readonly ask: RoleAsk
  /** A device token that it sent along, if any. */
  readonly token: string | null
  /** `null`: not worked out yet; the answer says when it is needed. */
  readonly verdict: LocalityVerdict | null
  readonly addressPrefix: string
}

export type ConnectOutcome =
  | { readonly kind: 'needs-locality' }
  | {
      readonly kind: 'admitted'
      readonly ask: RoleAsk
      /** Paired or widened silently just now. */
      readonly silent: boolean
      /** Newly made: the store keeps its hash alone. */
      readonly newToken: string | null
    }
  | { readonly kind: 'token-mismatch' }
  | {
      readonly kind: 'waiting'
      readonly reason: PairingReason
      /** `null`: too many are waiting. */
      readonly request: PairingRequest | null
      readonly heldRoles: readonly string[]
      readonly heldScopes: readonly string[]
    }

/** Admits the device, pairs it silently, or files its request: all in the one transaction of `context`. */
export async function connectDevice(
  context: PairingContext,
  attempt: ConnectAttempt,
): Promise<ConnectOutcome> {
  const { tx, nowMs } = context
  const known = await tx.device(attempt.id)
  const grants = known === null ? [] : await tx.grants(attempt.id)
  const { ask, verdict } = attempt
  const decision = decidePairing({ ...context, grants, ask, verdict })
  if (decision.kind === 'needs-locality') return decision

  const device = describe(attempt, known, nowMs)
  if (decision.kind === 'wait') {
    if (verdict === null) throw new TypeError('a decision to wait needs a verdict')
    const filed = { device, ask, reason: decision.reason, verdict, addressPrefix: attempt.addressPrefix }
    const request = await fileRequest(context, filed)
    return { ...decision, kind: 'waiting', request }
  }

  const record = (await tx.tokens(attempt.id)).find((token) => token.role === ask.role)
  if (attempt.token !== null && record !== undefined && !tokenMatches(record, attempt.token)) {
    return { kind: 'token-mismatch' }
  }
  if (isWorthWriting(device, known)) await tx.putDevice(device)
  if (decision.kind === 'grant') {
    await tx.putGrant({
      deviceId: device.id,
      role: ask.role,
      via: 'silent',
      scopes: decision.scopes,
      approvedBy: null,
      fromAddress: verdict?.clientAddress ?? null,
      localityReason: verdict?.reason ?? 'peer-unproven',
      grantedAtMs: nowMs,
      expiresAtMs: null,
    })
  }
  let newToken: string | null = null
  if (record === undefined) {
    newToken = mintToken()
    await tx.putToken({ deviceId: device.id, role: ask.role, hash: hashToken(newToken), issuedAtMs: nowMs })
  }
  return { kind: 'admitted', ask, silent: decision.kind === 'grant', newToken }
}

function describe(attempt: ConnectAttempt, known: Device | null, nowMs: number): Device {
  return {
    id: attempt.id,
    publicKey: attempt.publicKey,
    ...attempt.claims,
    createdAtMs: known?.createdAtMs ?? nowMs,
    lastSeenAtMs: nowMs,
  }
}

function isWorthWriting(device: Device, known: Device | null): boolean {
  if (known === null || known.lastSeenAtMs === null) return true
  if ((device.lastSeenAtMs ?? 0) - known.lastSeenAtMs >= LAST_SEEN_EVERY_MS) return true
  const claims = ['displayName', 'platform', 'deviceFamily', 'clientId', 'clientMode'] as const
  return claims.some((claim) => device[claim] !== known[claim])
}
