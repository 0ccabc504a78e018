import Type from 'typebox'
import { REQUEST_ID } from './pairing-required.ts'

// What the owner's side of pairing is asked for with, on the WebSocket and over HTTP alike.

export const requestId = Type.String({ pattern: REQUEST_ID.source, description: 'Id of a pairing request.' })
export const deviceId = Type.String({
  pattern: '^[0-9a-f]{64}$',
  description: "Lower-case hex SHA-256 of the device's raw public key.",
})
export const digest = Type.String({
  pattern: '^[0-9a-f]{64}$',
  description: 'Stands for all that an approval of the request would grant.',
})
export const role = Type.String({ minLength: 1, maxLength: 64 })
const names = Type.Array(Type.String({ maxLength: 64 }), { maxItems: 128 })
export const inviteId = Type.String({ minLength: 1, maxLength: 128 })
export const sinceMs = Type.Integer({ minimum: 0, description: 'Milliseconds since the epoch.' })

/** What an approval may say beside the request and its digest. */
export const approvalFields = {
  roles: Type.Optional(names),
  scopes: Type.Optional(names),
  expiresInMs: Type.Optional(Type.Integer({ description: 'For so long only, in milliseconds.' })),
  code: Type.Optional(Type.String({ maxLength: 32, description: 'The code that the device shows.' })),
  withoutCode: Type.Optional(
    Type.Boolean({ description: 'Approve a risky scope although the device shows no code.' }),
  ),
}

export const rejectionFields = { reason: Type.Optional(Type.String({ maxLength: 512 })) }
export const nameFields = { label: Type.String({ minLength: 1, maxLength: 64 }) }
export const rotationFields = { scopes: Type.Optional(names) }
export const inviteFields = {
  role: Type.Optional(role),
  scopes: names,
  label: Type.Optional(Type.String({ maxLength: 64 })),
  ttlMs: Type.Optional(Type.Integer({ description: 'In milliseconds, from 1000 to a week. 10 minutes.' })),
}
