import { LatchkeyError } from '../errors.ts'
import { actorOf, requireAdmin, requireReachable, type Authority } from './authority.ts'
import { cleanName } from './device-name.ts'
import { isLive, type Grant } from './grant.ts'
import type { PairingContext } from './pairing-context.ts'
import { isScope, sortedUnion } from './scopes.ts'
import { mintToken, rotated, type TokenRecord } from './token.ts'
import { withdrawRole } from './use-token.ts'

/** Of the devices whose silent grants were undone: an entry of the log must not grow with their number. */
const NAMED_DEVICES = 100

/** Gives a device a name of the owner's, in place of the one that it gives itself. */
export async function renameDevice(
  context: PairingContext,
  authority: Authority,
  deviceId: string,
  given: string,
): Promise<string> {
  const { tx, audit, events } = context
  await requireReachable(context, authority, deviceId)
  const label = cleanName(given)
  if (label === null)
    throw new LatchkeyError('INVALID_REQUEST', 'label: nothing visible is left of this name')
  const device = await tx.device(deviceId)
  if (device === null) throw new LatchkeyError('NOT_FOUND', 'unknown deviceId')
  await tx.putDevice({ ...device, label })
  await audit.record('device-renamed', actorOf(authority), deviceId, { label, before: device.label })
  events.push({ kind: 'changed', what: 'name', deviceId })
  return label
}

export type Rotation = {
  readonly scopes: readonly string[]
  readonly rotatedAtMs: number
  /** For the device itself; another one does not get to see it, and the device gets it when it next connects. */
  readonly token: string | null
}

/**
 * Replaces the token of a role; the old one stays valid until the new one was used. With `scopes` the role is
 * cut down to these, for good.
 *
 * @throws {LatchkeyError} NOT_FOUND, FORBIDDEN, INVALID_REQUEST when the scopes are not a part of those held
 */
export async function rotateToken(
  context: PairingContext,
  authority: Authority,
  { deviceId, role, scopes }: { deviceId: string; role: string; scopes?: readonly string[] | undefined },
): Promise<Rotation> {
  const { tx, nowMs, limits, audit } = context
  await requireReachable(context, authority, deviceId)
  const record = await liveToken(context, deviceId, role)
  const held = scopes === undefined ? await scopesOf(context, deviceId, role) : await reduce(context, deviceId, role, scopes) // prettier-ignore
  const isOwn = authority.kind === 'device' && authority.deviceId === deviceId
  const token = isOwn ? mintToken() : null
  const ttlMs = limits.tokenTtlMs === 0 ? null : limits.tokenTtlMs
  await tx.putToken(
    token === null ? { ...record, isRotationDue: true } : rotated(record, token, nowMs, ttlMs),
  )
  await audit.record('token-rotated', actorOf(authority), deviceId, { role, scopes: held, isReduced: scopes !== undefined }) // prettier-ignore
  context.events.push({ kind: 'changed', what: 'token', deviceId })
  return { scopes: held, rotatedAtMs: nowMs, token }
}

/**
 * Ends a token and all that the device holds in its role; live connections end. A repeated call gives the
 * time of the first.
 *
 * @throws {LatchkeyError} NOT_FOUND, FORBIDDEN
 */
export async function revokeToken(
  context: PairingContext,
  authority: Authority,
  deviceId: string,
  role: string,
): Promise<number> {
  await requireReachable(context, authority, deviceId)
  const scopes = await scopesOf(context, deviceId, role)
  const holdsRole = (await grantsOf(context, deviceId, role)).length > 0
  const record = await findToken(context, deviceId, role)
  if (record === null && !holdsRole) throw noToken()
  if (record !== null && record.revokedAtMs !== null && !holdsRole) return record.revokedAtMs
  await withdrawRole(context, deviceId, role)
  await context.audit.record('token-revoked', actorOf(authority), deviceId, { role, scopes })
  context.events.push({ kind: 'revoked', deviceId, role, why: 'token revoked' })
  return context.nowMs
}

/** Takes back every silent grant that was given at `sinceMs` or later. Devices that are local get it anew. */
export async function undoSilentGrants(
  context: PairingContext,
  authority: Authority,
  sinceMs: number,
): Promise<readonly Grant[]> {
  const { tx, audit, events } = context
  await requireAdmin(context, authority)
  const undone = await tx.silentGrantsSince(sinceMs)
  for (const grant of undone) await tx.deleteGrant(grant.id)
  const devices = [...new Set(undone.map((grant) => grant.deviceId))]
  for (const deviceId of devices)
    events.push({ kind: 'revoked', deviceId, role: null, why: 'silent grants undone' })
  if (undone.length > 0)
    await audit.record('silent-grants-undone', actorOf(authority), null, {
      sinceMs,
      grants: undone.length,
      deviceCount: devices.length,
      devices: devices.slice(0, NAMED_DEVICES),
    })
  return undone
}

/** Cuts every grant of a role down to these scopes; each keeps its own end. */
async function reduce(
  context: PairingContext,
  deviceId: string,
  role: string,
  scopes: readonly string[],
): Promise<readonly string[]> {
  const { tx, lattice, events } = context
  const held = await scopesOf(context, deviceId, role)
  const beyond = scopes.filter((scope) => !isScope(scope) || !lattice.implies(held, scope))
  if (beyond.length > 0) {
    throw new LatchkeyError('INVALID_REQUEST', `scopes: the device does not hold ${beyond.join(', ')}`, {
      details: { code: 'SCOPE_NOT_HELD', scopes: beyond },
    })
  }
  for (const grant of await grantsOf(context, deviceId, role)) {
    const kept = sortedUnion(scopes.filter((scope) => lattice.implies(grant.scopes, scope)))
    await tx.putGrant({ ...grant, scopes: kept })
  }
  const isLess = lattice.missing(scopes, held).length > 0
  if (isLess) events.push({ kind: 'revoked', deviceId, role, why: 'scopes reduced' })
  return sortedUnion(scopes)
}

async function scopesOf(context: PairingContext, deviceId: string, role: string): Promise<string[]> {
  return sortedUnion(...(await grantsOf(context, deviceId, role)).map((grant) => grant.scopes))
}

async function grantsOf({ tx, nowMs }: PairingContext, deviceId: string, role: string): Promise<Grant[]> {
  return (await tx.grants(deviceId)).filter((grant) => grant.role === role && isLive(grant, nowMs))
}

async function liveToken(context: PairingContext, deviceId: string, role: string): Promise<TokenRecord> {
  const record = await findToken(context, deviceId, role)
  if (record === null) throw noToken()
  if (record.revokedAtMs === null) return record
  throw new LatchkeyError('INVALID_REQUEST', 'this token was revoked; the device has to pair again', {
    details: { code: 'TOKEN_REVOKED' },
  })
}

async function findToken(
  { tx }: PairingContext,
  deviceId: string,
  role: string,
): Promise<TokenRecord | null> {
  return (await tx.tokens(deviceId)).find((token) => token.role === role) ?? null
}

function noToken(): LatchkeyError {
  return new LatchkeyError('NOT_FOUND', 'this device has no token in this role')
}
