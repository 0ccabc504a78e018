import Type from 'typebox'
import { PAIRING_SCOPE } from '../pairing/index.ts'
import type { GatewayCore } from './gateway-core.ts'
import { paramsReader } from './params-reader.ts'

const deviceId = Type.String({ pattern: '^[0-9a-f]{64}$' })
const role = Type.String({ minLength: 1, maxLength: 64 })
const scopes = Type.Array(Type.String({ maxLength: 64 }), { maxItems: 128 })
const closed = { additionalProperties: false } as const

const readRotation = paramsReader(Type.Object({ deviceId, role, scopes: Type.Optional(scopes) }, closed))
const readToken = paramsReader(Type.Object({ deviceId, role }, closed))
const readSince = paramsReader(Type.Object({ sinceMs: Type.Integer({ minimum: 0 }) }, closed))

/** What takes effect on what devices hold: their tokens, and the silent grants of all. */
export function addTokenMethods({ methods, service }: GatewayCore): void {
  const scope = PAIRING_SCOPE

  methods.add('device.token.rotate', { scope }, async ({ params, authority }) => {
    const asked = readRotation(params)
    const { token, ...rotation } = await service.rotate(authority, asked)
    const delivery =
      token === null ? { tokenDelivery: 'withheld-cross-device' } : { token, tokenDelivery: 'in-band' }
    return { deviceId: asked.deviceId, role: asked.role, ...rotation, ...delivery }
  })

  methods.add('device.token.revoke', { scope }, async ({ params, authority }) => {
    const asked = readToken(params)
    return { ...asked, revokedAtMs: await service.revoke(authority, asked.deviceId, asked.role) }
  })

  methods.add('device.grants.undo', { scope }, async ({ params, authority }) => {
    const { sinceMs } = readSince(params)
    const undone = await service.undoSilent(authority, sinceMs)
    const grants = undone.map((grant) => ({
      deviceId: grant.deviceId,
      role: grant.role,
      scopes: grant.scopes,
      grantedAtMs: grant.grantedAtMs,
    }))
    return { sinceMs, grants }
  })
}
