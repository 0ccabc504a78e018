import Type from 'typebox'
import { PAIRING_SCOPE, type PairingService } from '../pairing/index.ts'
import type { MethodTable } from './methods.ts'
import { REQUEST_ID } from '../protocol/index.ts'
import { paramsReader } from './params-reader.ts'
import { pairedRecord, pendingRecord } from './pairing-records.ts'
import type { SessionTable } from './session-table.ts'

const requestId = Type.String({ pattern: REQUEST_ID.source })
const deviceId = Type.String({ pattern: '^[0-9a-f]{64}$' })
const digest = Type.String({ pattern: '^[0-9a-f]{64}$' })

const readNothing = paramsReader(Type.Object({}, { additionalProperties: false }))
const readApproval = paramsReader(
  Type.Object({ requestId, digest: Type.Optional(digest) }, { additionalProperties: false }),
)
const readRejection = paramsReader(
  Type.Object(
    { requestId, reason: Type.Optional(Type.String({ maxLength: 512 })) },
    { additionalProperties: false },
  ),
)
const readDevice = paramsReader(Type.Object({ deviceId }, { additionalProperties: false }))

/** `health`, and the owner's side of pairing. */
export function addPairingMethods(
  methods: MethodTable,
  service: PairingService,
  sessions: SessionTable,
): void {
  methods.add('health', { scope: null }, () => ({ ok: true, ts: Date.now() }))

  methods.add('device.pair.list', { scope: PAIRING_SCOPE }, async ({ params, authority }) => {
    readNothing(params ?? {})
    const { pending, paired } = await service.list(authority)
    return {
      pending: pending.map(pendingRecord),
      paired: paired.map((entry) => pairedRecord(entry, sessions.isConnected(entry.device.id))),
    }
  })

  methods.add('device.pair.approve', { scope: PAIRING_SCOPE }, async ({ params, authority }) => {
    const asked = readApproval(params)
    const approved = await service.approve(authority, asked.requestId, asked.digest)
    return {
      requestId: asked.requestId,
      device: pairedRecord(approved, sessions.isConnected(approved.device.id)),
    }
  })

  methods.add('device.pair.reject', { scope: PAIRING_SCOPE }, async ({ params, authority }) => {
    const request = await service.reject(authority, readRejection(params).requestId)
    return { requestId: request.id, deviceId: request.deviceId }
  })

  methods.add('device.pair.remove', { scope: PAIRING_SCOPE }, async ({ params, authority }) => {
    const asked = readDevice(params)
    await service.remove(authority, asked.deviceId)
    return { deviceId: asked.deviceId }
  })
}
