import Type, { type Static } from 'typebox'
import { schemaReader } from './schema-reader.ts'

const IDENTIFIER = '^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,63}$'
const text = (maxLength: number) => Type.String({ maxLength })
/** Stands in the signed text between separators, so it must not contain one. */
const signedText = (maxLength: number) => Type.String({ maxLength, pattern: '^[^|]*$' })

/**
 * Params of the first request, `connect`. Open: newer clients send fields that this version does not know.
 * The lists of known client ids and modes that published servers keep are not kept here; neither gives a
 * privilege.
 */
export const ConnectParamsSchema = Type.Object({
  minProtocol: Type.Integer({ minimum: 1 }),
  maxProtocol: Type.Integer({ minimum: 1 }),
  client: Type.Object({
    id: Type.String({ pattern: IDENTIFIER }),
    version: text(128),
    platform: signedText(64),
    mode: Type.String({ pattern: IDENTIFIER }),
    displayName: Type.Optional(text(512)),
    deviceFamily: Type.Optional(signedText(64)),
  }),
  role: Type.Optional(text(64)),
  /** As many as one pairing request may hold, and one more: whoever approves it has to hold them all. */
  scopes: Type.Optional(Type.Array(text(64), { maxItems: 129 })),
  device: Type.Optional(
    Type.Object({
      id: text(128),
      publicKey: text(512),
      signature: text(512),
      signedAt: Type.Integer({ minimum: 0 }),
      nonce: Type.Optional(text(256)),
    }),
  ),
  /** Proof of the local secret. */
  localProof: Type.Optional(text(64)),
  /** The client's half of the verification code: 32 bytes, base64url. */
  verification: Type.Optional(Type.Object({ nonce: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }) })),
  auth: Type.Optional(
    Type.Object({
      token: Type.Optional(signedText(512)),
      deviceToken: Type.Optional(signedText(512)),
      password: Type.Optional(text(512)),
      bootstrapToken: Type.Optional(signedText(512)),
    }),
  ),
})

export type ConnectParams = Static<typeof ConnectParamsSchema>
export type DeviceProof = NonNullable<ConnectParams['device']>

/** The params, or what is wrong with them. */
export const readConnectParams = schemaReader(ConnectParamsSchema, 'params')
