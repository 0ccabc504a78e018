import { LatchkeyError } from '../../../errors.ts'
import type { GatewayHost } from '../../../gateway/index.ts'
import type { Authority, Invite, PairingService } from '../../../pairing/index.ts'
import { inviteFields, inviteId } from '../../../protocol/index.ts'
import { readCursor, writeCursor } from '../cursor.ts'
import { EXAMPLES } from '../examples.ts'
import { isText, limitOf, pageOf, pageQuery } from '../page-query.ts'
import { route } from '../route.ts'

type Asked = {
  readonly host: GatewayHost
  readonly service: PairingService
  readonly authority: Authority
  readonly params: { readonly inviteId: string }
}

const params = { inviteId }

async function resource({ host, service, authority, params }: Asked): Promise<object> {
  const found = (await service.invites(authority)).find((invite) => invite.id === params.inviteId)
  if (found === undefined) throw new LatchkeyError('NOT_FOUND', 'unknown inviteId')
  return host.records.invite(found)
}

/** By age, as the store lists them. */
function keyOf({ createdAtMs, id }: Invite): string {
  return `${String(createdAtMs).padStart(16, '0')} ${id}`
}

export const inviteRoutes = [
  route({
    method: 'GET',
    path: '/invites',
    id: 'listInvites',
    summary: 'Invitations that are open, or ended within the last day',
    needs: 'operator.admin',
    query: pageQuery,
    answers: { 200: { description: 'A page.', schema: 'InviteList', example: EXAMPLES.inviteList } },
    problems: ['MISSING_SCOPE', 'CURSOR_INVALID'],
    async handle({ host, service, authority, query }) {
      const after = readCursor('invites', query.cursor, isText)
      const { items, last } = pageOf(await service.invites(authority), keyOf, after, limitOf(query))
      const next = last && writeCursor('invites', last)
      return { body: { invites: items.map((invite) => host.records.invite(invite)), next }, next }
    },
  }),
  route({
    method: 'POST',
    path: '/invites',
    id: 'makeInvite',
    summary: 'Makes an invitation: the first device that presents its token gets what it promises',
    needs: 'operator.admin',
    body: inviteFields,
    bodyExample: { scopes: ['operator.read'], label: 'Kitchen tablet', ttlMs: 600_000 },
    answers: { 201: { description: 'Made.', schema: 'MadeInvite', example: EXAMPLES.madeInvite } },
    problems: ['MISSING_SCOPE', 'INVALID_REQUEST', 'RATE_LIMITED'],
    async handle({ host, service, authority, body: { role = 'operator', scopes, ...rest } }) {
      host.requireKnown(role, scopes)
      const { invite, token } = await service.invite(authority, { role, scopes, ...rest })
      return {
        status: 201,
        body: { ...host.records.invite(invite), bootstrapToken: token },
        headers: { Location: `invites/${invite.id}` },
      }
    },
  }),
  route({
    method: 'GET',
    path: '/invites/{inviteId}',
    id: 'getInvite',
    summary: 'One invitation, without its token',
    needs: 'operator.admin',
    params,
    answers: { 200: { description: 'The invitation.', schema: 'Invite', example: EXAMPLES.invite } },
    problems: ['NOT_FOUND', 'MISSING_SCOPE'],
    resource,
    handle: async (call) => ({ body: await resource(call) }),
  }),
  route({
    method: 'DELETE',
    path: '/invites/{inviteId}',
    id: 'revokeInvite',
    summary: 'Takes an invitation back',
    needs: 'operator.admin',
    params,
    answers: { 204: { description: 'Revoked.' } },
    problems: ['NOT_FOUND', 'MISSING_SCOPE', 'INVITE_USED'],
    resource,
    async handle({ service, authority, params: { inviteId } }) {
      await service.revokeInvite(authority, inviteId)
      return { status: 204 }
    },
  }),
]
