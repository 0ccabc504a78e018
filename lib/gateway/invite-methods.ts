import Type from 'typebox'
import { PAIRING_SCOPE, type MadeInvite } from '../pairing/index.ts'
import { inviteFields, inviteId } from '../protocol/index.ts'
import type { GatewayCore } from './gateway-core.ts'
import { inviteRecord } from './pairing-records.ts'
import { paramsReader } from './params-reader.ts'

const closed = { additionalProperties: false } as const
const readNothing = paramsReader(Type.Object({}, closed))
const readInvite = paramsReader(Type.Object(inviteFields, closed))
const readId = paramsReader(Type.Object({ inviteId }, closed))

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
    const asked = readId(params)
    await service.revokeInvite(authority, asked.inviteId)
    return asked
  })
}

function madeRecord({ invite, token }: MadeInvite): object {
  return { ...inviteRecord(invite), bootstrapToken: token }
}
