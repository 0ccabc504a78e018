import Type from 'typebox'
import { ADMIN_SCOPE, PAIRING_SCOPE, type Device, type PairingRequest } from '../pairing/index.ts'
import { deviceId, requestId } from '../protocol/index.ts'
import type { GatewayCore } from './gateway-core.ts'
import { readRequestCursor, readSeenCursor, requestCursor, seenCursor } from './list-cursors.ts'
import { pairedRecord, pendingRecord } from './pairing-records.ts'
import { paramsReader } from './params-reader.ts'

const DEFAULT_LIMIT = 50
const MAX_LIMIT = 200

const closed = { additionalProperties: false } as const
const page = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_LIMIT })),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  search: Type.Optional(Type.String({ maxLength: 128 })),
}
const readDevicePage = paramsReader(Type.Object(page, closed))
const readRequestPage = paramsReader(Type.Object({ ...page, trace: Type.Optional(Type.Boolean()) }, closed))
const readRequest = paramsReader(Type.Object({ requestId }, closed))
const readIds = paramsReader(
  Type.Object({ deviceIds: Type.Array(deviceId, { maxItems: MAX_LIMIT }) }, closed),
)

/** The lists of `device.pair.list` in pages: with thousands of devices nobody wants to hold all of them. */
export function addListMethods(core: GatewayCore): void {
  const { methods, service, sessions, approval, lattice } = core
  const scope = PAIRING_SCOPE

  methods.add('device.pair.devices', { scope }, async ({ params, authority }) => {
    const { limit = DEFAULT_LIMIT, cursor, search = '' } = readDevicePage(params ?? {})
    const { devices, last } = await service.recentDevices(authority, {
      after: readSeenCursor(cursor),
      limit,
      connectedIds: sessions.deviceIds(),
      matches: deviceMatcher(search),
    })
    return {
      paired: devices.map((entry) => pairedRecord(entry, sessions)),
      cursor: seenCursor(last),
    }
  })

  methods.add('device.pair.requests', { scope }, async ({ params, authority, scopes }) => {
    const { limit = DEFAULT_LIMIT, cursor, search = '', trace = false } = readRequestPage(params ?? {})
    const { requests, last } = await service.listPending(authority, {
      after: readRequestCursor(cursor),
      limit,
      matches: requestMatcher(search),
    })
    const asking = requests.filter(({ reason }) => reason !== 'not-paired')
    const holders = await Promise.all(
      asking.map(async (request) => {
        const own = await service.device(authority, request.deviceId).catch(() => null)
        return own === null ? [] : [pairedRecord(own, sessions)]
      }),
    )
    return {
      pending: requests.map((request) => {
        const record = pendingRecord(request, approval)
        return trace ? record : withoutTrace(record)
      }),
      // What those hold who have asked before.
      paired: holders.flat(),
      total: lattice.implies(scopes, ADMIN_SCOPE) ? await service.countPending() : requests.length,
      cursor: requestCursor(last),
    }
  })

  methods.add('device.pair.request', { scope }, async ({ params, authority }) => {
    const request = await service.request(authority, readRequest(params).requestId)
    return { request: pendingRecord(request, approval), state: request.state }
  })

  methods.add('device.pair.names', { scope }, async ({ params, authority }) => {
    const { deviceIds } = readIds(params)
    return { names: Object.fromEntries(await service.deviceNames(authority, deviceIds)) }
  })
}

function withoutTrace(record: Record<string, unknown>): Record<string, unknown> {
  const locality = Object.entries(record.locality as object).filter(([name]) => name !== 'trace')
  return { ...record, locality: Object.fromEntries(locality) }
}

/** By name, or by the first digits of the key, as they are printed. */
function deviceMatcher(search: string): ((device: Device) => boolean) | undefined {
  const { text, hex } = sought(search)
  if (text === '') return undefined
  return ({ id, label, displayName, clientId }) =>
    [label, displayName, clientId].some((name) => includes(name, text)) || (hex !== '' && id.startsWith(hex))
}

/** Also by address, and by the id of the request. */
function requestMatcher(search: string): ((request: PairingRequest) => boolean) | undefined {
  const { text, hex } = sought(search)
  if (text === '') return undefined
  return ({ id, deviceId: key, displayName, clientId, fromAddress }) =>
    [displayName, clientId].some((name) => includes(name, text)) ||
    (hex !== '' && key.startsWith(hex)) ||
    id.startsWith(text) ||
    fromAddress?.startsWith(text) === true
}

function includes(name: string | null, text: string): boolean {
  return name?.normalize('NFC').toLowerCase().includes(text) === true
}

function sought(search: string): { text: string; hex: string } {
  const text = search.normalize('NFC').trim().toLowerCase()
  const digits = text.replaceAll(/[\s:]/g, '')
  return { text, hex: /^[0-9a-f]{4,64}$/.test(digits) ? digits : '' }
}
