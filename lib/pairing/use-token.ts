import type { ConnectAttempt } from './connect-device.ts'
import type { PairingContext } from './pairing-context.ts'
import { confirmed, freshToken, hashToken, mintToken, rotated, type TokenRecord } from './token.ts'

const LAST_USED_EVERY_MS = 60_000

/**
 * Notes the use of a valid token, and makes a new one where the device has none or is due for one. The device
 * has proved its key, so one that comes without its token is as good.
 *
 * @returns the new token: nobody can say it again
 */
export async function useToken(
  context: PairingContext,
  attempt: Pick<ConnectAttempt, 'id' | 'ask' | 'token'>,
  record: TokenRecord | null,
): Promise<string | null> {
  const { tx, nowMs, limits } = context
  const ttlMs = limits.tokenTtlMs === 0 ? null : limits.tokenTtlMs
  const isOver = record !== null && (record.revokedAtMs !== null || (record.expiresAtMs ?? Infinity) <= nowMs)
  if (record === null || isOver) {
    const token = mintToken()
    await tx.putToken(freshToken(attempt.id, attempt.ask.role, token, nowMs, ttlMs))
    return token
  }
  if (record.isRotationDue) {
    const token = mintToken()
    const used = attempt.token === null ? record : afterUse(record, attempt.token)
    await tx.putToken(rotated(used, token, nowMs, ttlMs))
    return token
  }
  if (attempt.token !== null) await noteUse(context, record, attempt.token)
  return null
}

/** Notes the use of a valid token, at most once a minute. The first use of a new one ends the one before. */
export async function noteUse(
  { tx, nowMs }: PairingContext,
  record: TokenRecord,
  token: string,
): Promise<void> {
  const used = afterUse(record, token)
  const isStale = nowMs - (record.lastUsedAtMs ?? -Infinity) >= LAST_USED_EVERY_MS
  if (used !== record || isStale) await tx.putToken({ ...used, lastUsedAtMs: nowMs })
}

/** The record once this valid token was used. */
function afterUse(record: TokenRecord, token: string): TokenRecord {
  return hashToken(token) === record.hash ? confirmed(record) : record
}

/**
 * A token that was replaced has come back: there is a copy of what only the device should have. What the
 * device holds in this role is taken from it.
 */
export async function revokeFamily(
  context: PairingContext,
  record: TokenRecord,
  addressPrefix: string,
): Promise<void> {
  const { deviceId, role } = record
  await withdrawRole(context, deviceId, role)
  await context.audit.record('token-reused', 'gateway', deviceId, { role, fromNetwork: addressPrefix })
  context.events.push({ kind: 'revoked', deviceId, role, why: 'token reused' })
}

/** Ends the token for good, and with it all grants of its role: the key alone must not be enough after this. */
export async function withdrawRole(
  { tx, nowMs }: PairingContext,
  deviceId: string,
  role: string,
): Promise<void> {
  for (const grant of await tx.grants(deviceId)) if (grant.role === role) await tx.deleteGrant(grant.id)
  const record = (await tx.tokens(deviceId)).find((token) => token.role === role)
  if (record !== undefined) await tx.putToken({ ...record, isRotationDue: false, revokedAtMs: nowMs })
}
