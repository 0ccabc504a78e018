import { LatchkeyError } from '../../../errors.ts'
import type { Authority, IgnoredDevice, PairingService } from '../../../pairing/index.ts'
import { deviceId } from '../../../protocol/index.ts'
import { readCursor, writeCursor } from '../cursor.ts'
import { EXAMPLES } from '../examples.ts'
import { isText, limitOf, pageOf, pageQuery } from '../page-query.ts'
import { route } from '../route.ts'

type Asked = {
  readonly service: PairingService
  readonly authority: Authority
  readonly params: { readonly deviceId: string }
}

const params = { deviceId }

async function resource({ service, authority, params }: Asked): Promise<IgnoredDevice> {
  const found = (await service.ignored(authority)).find((one) => one.deviceId === params.deviceId)
  if (found === undefined) throw new LatchkeyError('NOT_FOUND', 'this device is not ignored')
  return found
}

export const ignoredRoutes = [
  route({
    method: 'GET',
    path: '/ignored',
    id: 'listIgnored',
    summary: 'Keys whose requests the owner does not want to see',
    needs: 'operator.admin',
    query: pageQuery,
    answers: { 200: { description: 'A page.', schema: 'IgnoredDeviceList', example: EXAMPLES.ignoredList } },
    problems: ['MISSING_SCOPE', 'CURSOR_INVALID'],
    async handle({ service, authority, query }) {
      const after = readCursor('ignored', query.cursor, isText)
      const all = await service.ignored(authority)
      const { items, last } = pageOf(all, (one) => one.deviceId, after, limitOf(query))
      const next = last && writeCursor('ignored', last)
      return { body: { ignored: items, next }, next }
    },
  }),
  route({
    method: 'GET',
    path: '/ignored/{deviceId}',
    id: 'getIgnored',
    summary: 'One ignored key',
    needs: 'operator.admin',
    params,
    answers: { 200: { description: 'The key.', schema: 'IgnoredDevice', example: EXAMPLES.ignored } },
    problems: ['NOT_FOUND', 'MISSING_SCOPE'],
    resource,
    handle: async (call) => ({ body: await resource(call) }),
  }),
  route({
    method: 'DELETE',
    path: '/ignored/{deviceId}',
    id: 'unignoreDevice',
    summary: 'Hears of the key again',
    needs: 'operator.admin',
    params,
    answers: { 204: { description: 'Its next request is filed.' } },
    problems: ['NOT_FOUND', 'MISSING_SCOPE'],
    resource,
    async handle({ service, authority, params: { deviceId } }) {
      await service.unignore(authority, deviceId)
      return { status: 204 }
    },
  }),
]
