import Type from 'typebox'
import { PAIRING_SCOPE } from '../pairing/index.ts'
import { deviceId, role, rotationFields, sinceMs } from '../protocol/index.ts'
import type { GatewayCore } from './gateway-core.ts'
import { paramsReader } from './params-reader.ts'
import { rotationRecord, undoneRecord } from './pairing-records.ts'

const closed = { additionalProperties: false } as const

const readRotation = paramsReader(Type.Object({ deviceId, role, ...rotationFields }, closed))
const readToken = paramsReader(Type.Object({ deviceId, role }, closed))
const readSince = paramsReader(Type.Object({ sinceMs }, closed))

/** What takes effect on what devices hold: their tokens, and the silent grants of all. */
export function addTokenMethods({ methods, service }: GatewayCore): void {
  const scope = PAIRING_SCOPE

  methods.add('device.token.rotate', { scope }, async ({ params, authority }) => {
    const asked = readRotation(params)
    return rotationRecord(asked, await service.rotate(authority, asked))
  })

  methods.add('device.token.revoke', { scope }, async ({ params, authority }) => {
    const asked = readToken(params)
    return { ...asked, revokedAtMs: await service.revoke(authority, asked.deviceId, asked.role) }
  })

  methods.add('device.grants.undo', { scope }, async ({ params, authority }) => {
    const asked = readSince(params)
    const undone = await service.undoSilent(authority, asked.sinceMs)
    return { ...asked, grants: undone.map(undoneRecord) }
  })
}
