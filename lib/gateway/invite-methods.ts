import Type from 'typebox'
import { PAIRING_SCOPE, type Invite, type MadeInvite } from '../pairing/index.ts'
import type { GatewayCore } from './gateway-core.ts'
import { paramsReader } from './params-reader.ts'

const closed = { additionalProperties: false } as const
const readNothing = paramsReader(Type.Object({}, closed))
const readInvite = paramsReader(
  Type.Object(
    {
      role: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
      scopes: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 128 }),
      label: Type.Optional(Type.String({ maxLength: 64 })),
      ttlMs: Type.Optional(Type.Integer()),
    },
    closed,
  ),
)
const readId = paramsReader(Type.Object({ inviteId: Type.String({ minLength: 1, maxLength: 128 }) }, closed))

/** Invitations: `operator.admin` is needed for all three. */
export function addInviteMethods(core: GatewayCore): void {
  const { methods, service } = core
  const scope = PAIRING_SCOPE

  methods.add('device.invite.create', { scope }, async ({ params, authority }) => {
    const { role = 'operator', scopes, ...rest } = readInvite(params)
    core.requireKnown(role, scopes)
    return madeRecord(await service.invite(authority, { role, scopes, ...rest }))
  })

  methods.add('device.invite.list', { scope }, async ({ params, authority }) => {
    readNothing(params ?? {})
    return { invites: (await service.invites(authority)).map(inviteRecord) }
  })

  methods.add('device.invite.revoke', { scope }, async ({ params, authority }) => {
    const { inviteId } = readId(params)
    await service.revokeInvite(authority, inviteId)
    return { inviteId }
  })
}

function madeRecord({ invite, token }: MadeInvite): object {
  return { ...inviteRecord(invite), bootstrapToken: token }
}

function inviteRecord(invite: Invite): object {
  const { id: inviteId, asks, label, createdBy, createdAtMs, expiresAtMs, usedBy, usedAtMs } = invite
  return { inviteId, asks, label, createdBy, createdAtMs, expiresAtMs, usedBy, usedAtMs }
}
