import { createHash } from 'node:crypto'
import type { LocalityVerdict } from '../locality/verdict.ts'
import { heldScopes, type DeviceAuthority } from './authority.ts'
import { noteSeen } from './device-record.ts'
import type { PairingContext } from './pairing-context.ts'
import { sortedUnion } from './scopes.ts'
import { standingOf, type TokenStanding } from './token.ts'
import { noteUse, revokeFamily } from './use-token.ts'

/** Longer than a proof is accepted, which is two minutes before and after its time. */
const PROOF_KEPT_MS = 10 * 60_000

/** What a device shows that calls over HTTP: it has proved its key, and bound the token to the proof. */
export type Credentials = {
  readonly deviceId: string
  readonly token: string
  /** The network that it calls from. */
  readonly addressPrefix: string
  /** `null`: not worked out yet; the answer says when it is needed. */
  readonly verdict: LocalityVerdict | null
  /** Names the proof of its key, which counts once for all gateways; `null`: it is told apart elsewhere. */
  readonly proofId?: string | null
}

export type Authentication =
  /** With all that its grants give in the role of the token. */
  | { readonly kind: 'authenticated'; readonly authority: DeviceAuthority }
  /** It holds something that was given silently, which counts only for a client that is local now. */
  | { readonly kind: 'needs-locality' }
  /** Another gateway of this store has seen the proof before. */
  | { readonly kind: 'replayed' }
  | { readonly kind: 'token-refused'; readonly standing: Exclude<TokenStanding, 'current' | 'previous'> }
  /** The token is good, and nothing that the device holds counts for this call. */
  | { readonly kind: 'nothing-held'; readonly role: string }

/**
 * Says who a call over HTTP acts as. A token that was replaced ends its whole family, as it does on the
 * WebSocket: an outcome, not an error, since that must be committed.
 */
export async function authenticate(
  context: PairingContext,
  { deviceId, token, addressPrefix, verdict, proofId = null }: Credentials,
): Promise<Authentication> {
  const { tx, nowMs, lattice, host } = context
  const known = (await tx.tokens(deviceId)).map((record) => ({
    record,
    standing: standingOf(record, token, nowMs),
  }))
  const found = known.find(({ standing }) => standing !== 'unknown')
  if (found === undefined) return { kind: 'token-refused', standing: 'unknown' }
  const { record, standing } = found
  if (standing === 'superseded') await revokeFamily(context, record, addressPrefix)
  if (standing !== 'current' && standing !== 'previous') {
    return { kind: 'token-refused', standing }
  }

  const { role } = record
  const grants = await tx.grants(deviceId)
  const owned = heldScopes(grants, role, null, nowMs)
  const all = heldScopes(grants, role, host, nowMs)
  const addsSilently = all !== null && (owned === null || lattice.missing(owned, all).length > 0)
  if (addsSilently && verdict === null) return { kind: 'needs-locality' }
  const silentHonoured = addsSilently && verdict?.silent === true
  const held = silentHonoured ? all : owned
  if (held === null) return { kind: 'nothing-held', role }
  if (proofId !== null && context.node.hasCompany) {
    const key = `dpop ${deviceId} ${createHash('sha256').update(proofId, 'utf8').digest('base64url')}`
    const known = await tx.remembered(key)
    if (known !== null && known.untilMs > nowMs) return { kind: 'replayed' }
    await tx.remember(key, { value: '', untilMs: nowMs + PROOF_KEPT_MS })
  }
  await noteUse(context, record, token)
  await noteSeen(context, deviceId)
  const authority = { kind: 'device', deviceId, role, scopes: sortedUnion(held), silentHonoured } as const
  return { kind: 'authenticated', authority }
}
