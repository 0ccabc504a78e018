import { deviceId, role, rotationFields } from '../../../protocol/index.ts'
import { EXAMPLES } from '../examples.ts'
import { route } from '../route.ts'
import { deviceResource } from './devices.ts'

const params = { deviceId, role }

export const tokenRoutes = [
  route({
    method: 'POST',
    path: '/devices/{deviceId}/tokens/{role}/rotate',
    id: 'rotateToken',
    summary: 'Replaces the token of a role',
    description:
      'The old one stays valid until the new one was used. Only the device itself gets to see the new one; another ' +
      'device gets it with its next connection. With `scopes` the role is cut down to these, for good.',
    needs: 'operator.pairing',
    params,
    body: rotationFields,
    bodyExample: {},
    answers: { 200: { description: 'Rotated.', schema: 'Rotation', example: EXAMPLES.rotation } },
    problems: ['NOT_FOUND', 'MISSING_SCOPE', 'TOKEN_REVOKED', 'SCOPE_NOT_HELD'],
    resource: deviceResource,
    async handle({ host, service, authority, params, body }) {
      const rotation = await service.rotate(authority, { ...params, ...body })
      return { body: host.records.rotation(params, rotation) }
    },
  }),
  route({
    method: 'DELETE',
    path: '/devices/{deviceId}/tokens/{role}',
    id: 'revokeToken',
    summary: 'Ends the token, and all that the device holds in its role',
    needs: 'operator.pairing',
    params,
    answers: { 200: { description: 'Revoked.', schema: 'Revocation', example: EXAMPLES.revocation } },
    problems: ['NOT_FOUND', 'MISSING_SCOPE'],
    resource: deviceResource,
    handle: async ({ service, authority, params }) => ({
      body: { ...params, revokedAtMs: await service.revoke(authority, params.deviceId, params.role) },
    }),
  }),
]
