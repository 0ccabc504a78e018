import Type from 'typebox'
import type { GatewayHost } from '../../../gateway/index.ts'
import type { Authority, Device, PairingService } from '../../../pairing/index.ts'
import { deviceId, nameFields, role } from '../../../protocol/index.ts'
import { readCursor, writeCursor } from '../cursor.ts'
import { EXAMPLES } from '../examples.ts'
import { isText, limitOf, pageQuery } from '../page-query.ts'
import { route } from '../route.ts'

type Asked = {
  readonly host: GatewayHost
  readonly service: PairingService
  readonly authority: Authority
  readonly params: { readonly deviceId: string }
}

const params = { deviceId }
const query = {
  ...pageQuery,
  name: Type.Optional(
    Type.String({ minLength: 1, maxLength: 64, description: 'Part of its name, in any case.' }),
  ),
  role: Type.Optional(role),
  connected: Type.Optional(Type.Boolean({ description: 'Connected to this process now, or not.' })),
}

/** The device as it is now, for those who see it; what If-Match is held against. */
export async function deviceResource({ host, service, authority, params }: Asked): Promise<object> {
  return host.records.device(await service.device(authority, params.deviceId))
}

export const deviceRoutes = [
  route({
    method: 'GET',
    path: '/devices',
    id: 'listDevices',
    summary: 'Paired devices, by id',
    description: 'With a filter a page may hold fewer than `limit`, or none, and still have a `next`.',
    needs: 'operator.pairing',
    query,
    answers: { 200: { description: 'A page.', schema: 'DeviceList', example: EXAMPLES.deviceList } },
    problems: ['MISSING_SCOPE', 'CURSOR_INVALID'],
    async handle({ host, service, authority, query: { name, role, connected, ...page } }) {
      const { devices, last } = await service.listDevices(authority, {
        after: readCursor('devices', page.cursor, isText),
        limit: limitOf(page),
        role,
        matches: (device, isElsewhere) =>
          (name === undefined || isNamed(device, name)) &&
          (connected === undefined || (isElsewhere || host.isConnected(device.id)) === connected),
      })
      const next = last && writeCursor('devices', last)
      return { body: { devices: devices.map((entry) => host.records.device(entry)), next }, next }
    },
  }),
  route({
    method: 'GET',
    path: '/devices/{deviceId}',
    id: 'getDevice',
    summary: 'One device, with all that it holds',
    needs: 'operator.pairing',
    params,
    answers: { 200: { description: 'The device.', schema: 'Device', example: EXAMPLES.device } },
    problems: ['NOT_FOUND', 'MISSING_SCOPE'],
    resource: deviceResource,
    handle: async (call) => ({ body: await deviceResource(call) }),
  }),
  route({
    method: 'PATCH',
    path: '/devices/{deviceId}',
    id: 'renameDevice',
    summary: "Gives the device a name of the owner's",
    needs: 'operator.pairing',
    params,
    body: nameFields,
    bodyExample: { label: 'Kitchen tablet' },
    answers: { 200: { description: 'The device.', schema: 'Device', example: EXAMPLES.device } },
    problems: ['NOT_FOUND', 'MISSING_SCOPE', 'INVALID_REQUEST'],
    resource: deviceResource,
    async handle(call) {
      await call.service.rename(call.authority, call.params.deviceId, call.body.label)
      // The condition of the client was that of before.
      return { body: await deviceResource({ ...call, service: call.host.service }) }
    },
  }),
  route({
    method: 'DELETE',
    path: '/devices/{deviceId}',
    id: 'removeDevice',
    summary: 'Takes the device out with all that it holds, and ends its connections',
    needs: 'operator.pairing',
    params,
    answers: { 204: { description: 'Removed.' } },
    problems: ['NOT_FOUND', 'MISSING_SCOPE'],
    resource: deviceResource,
    async handle({ service, authority, params: { deviceId } }) {
      await service.remove(authority, deviceId)
      return { status: 204 }
    },
  }),
]

function isNamed({ label, displayName }: Device, part: string): boolean {
  return (label ?? displayName ?? '').toLowerCase().includes(part.toLowerCase())
}
