import Type from 'typebox'
import { PAIRING_SCOPE } from '../pairing/index.ts'
import {
  approvalFields,
  deviceId,
  digest,
  nameFields,
  readTypedCode,
  rejectionFields,
  requestId,
} from '../protocol/index.ts'
import type { GatewayCore } from './gateway-core.ts'
import { LatchkeyError } from '../errors.ts'
import { paramsReader } from './params-reader.ts'
import { pairedRecord, pendingRecord } from './pairing-records.ts'

const closed = { additionalProperties: false } as const

const readNothing = paramsReader(Type.Object({}, closed))
const readRequest = paramsReader(Type.Object({ requestId }, closed))
const readDevice = paramsReader(Type.Object({ deviceId }, closed))
const readApproval = paramsReader(
  Type.Object({ requestId, digest: Type.Optional(digest), ...approvalFields }, closed),
)
const readRejection = paramsReader(Type.Object({ requestId, ...rejectionFields }, closed))
const readName = paramsReader(Type.Object({ deviceId, ...nameFields }, closed))

/** `health`, what a device may know of itself, and the owner's side of pairing. */
export function addPairingMethods(core: GatewayCore): void {
  const { methods, service, sessions, approval } = core
  const scope = PAIRING_SCOPE

  methods.add('health', { scope: null }, () => ({ ok: true, ts: Date.now() }))

  methods.add('device.self', { scope: null }, async ({ params, authority }) => {
    readNothing(params ?? {})
    const own = await service.self(authority)
    if (own === null) throw new LatchkeyError('NOT_FOUND', 'this connection has no device of its own')
    return { device: pairedRecord(own, sessions) }
  })

  methods.add('device.pair.list', { scope }, async ({ params, authority }) => {
    readNothing(params ?? {})
    const { pending, paired } = await service.list(authority)
    return {
      pending: pending.map((request) => pendingRecord(request, approval)),
      paired: paired.map((entry) => pairedRecord(entry, sessions)),
    }
  })

  methods.add('device.pair.approve', { scope }, async ({ params, authority }) => {
    const { code, ...decision } = readApproval(params)
    const outcome = await service.approve(authority, { ...decision, code: parseCode(code) })
    if (outcome.kind === 'half-approved')
      return {
        requestId: decision.requestId,
        deviceId: outcome.request.deviceId,
        awaiting: 'second-approver',
      }
    const { paired } = outcome
    return {
      requestId: decision.requestId,
      device: pairedRecord(paired, sessions),
    }
  })

  methods.add('device.pair.reject', { scope }, async ({ params, authority }) => {
    const asked = readRejection(params)
    const request = await service.reject(authority, asked.requestId, asked.reason)
    return { requestId: request.id, deviceId: request.deviceId }
  })

  methods.add('device.pair.remove', { scope }, async ({ params, authority }) => {
    const asked = readDevice(params)
    await service.remove(authority, asked.deviceId)
    return { deviceId: asked.deviceId }
  })

  methods.add('device.pair.rename', { scope }, async ({ params, authority }) => {
    const asked = readName(params)
    return { deviceId: asked.deviceId, label: await service.rename(authority, asked.deviceId, asked.label) }
  })

  methods.add('device.pair.ignore', { scope }, async ({ params, authority }) => {
    const request = await service.ignore(authority, readRequest(params).requestId)
    return { requestId: request.id, deviceId: request.deviceId }
  })

  methods.add('device.pair.unignore', { scope }, async ({ params, authority }) => {
    const asked = readDevice(params)
    await service.unignore(authority, asked.deviceId)
    return { deviceId: asked.deviceId }
  })

  methods.add('device.pair.ignored', { scope }, async ({ params, authority }) => {
    readNothing(params ?? {})
    return { ignored: await service.ignored(authority) }
  })
}

/** @throws {LatchkeyError} INVALID_REQUEST for what is no code at all */
export function parseCode(code: string | undefined): string | undefined {
  if (code === undefined) return undefined
  const typed = readTypedCode(code)
  if (typed !== null) return typed
  throw new LatchkeyError('INVALID_REQUEST', 'code: expected the eight digits that the device shows', {
    details: { code: 'CODE_MALFORMED' },
  })
}
