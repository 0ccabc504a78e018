import Type, { type TSchema } from 'typebox'
import { deviceId, digest, requestId } from '../../protocol/index.ts'

const text = Type.String()
const texts = Type.Array(text)
const time = Type.Integer({ description: 'Milliseconds since the epoch.' })
const orNull = (schema: TSchema) => Type.Union([schema, Type.Null()])
const oneOf = (...values: string[]) => Type.String({ enum: values })
const maybe = (schema: TSchema) => Type.Optional(schema)
const next = orNull(Type.String({ description: 'The cursor of the next page; null on the last one.' }))

const ask = Type.Object({ role: text, scopes: texts })
const trace = Type.Array(Type.Object({ rule: text, outcome: oneOf('pass', 'fail', 'skip'), saw: text }), {
  description: 'Rule by rule, what the verdict saw.',
})

const pairingRequest = Type.Object({
  requestId,
  digest,
  deviceId,
  publicKey: Type.String({ description: 'Raw Ed25519 public key, base64url.' }),
  displayName: maybe(Type.String({ description: 'As the device calls itself. Proves nothing.' })),
  nameWarning: maybe(oneOf('mixed-scripts')),
  platform: maybe(text),
  deviceFamily: maybe(text),
  clientId: maybe(text),
  clientMode: maybe(text),
  role: text,
  roles: texts,
  asks: Type.Array(ask, { description: 'What an approval would grant.' }),
  scopes: texts,
  remoteIp: maybe(text),
  silent: Type.Boolean(),
  isRepair: Type.Boolean(),
  reason: oneOf('not-paired', 'role-upgrade', 'scope-upgrade', 'remote-use'),
  locality: Type.Object({ reason: text, advice: maybe(text), trace }),
  hasCode: Type.Boolean(),
  codeRequired: Type.Boolean(),
  verificationCode: maybe(Type.String({ description: 'To compare; absent when it has to be typed.' })),
  secondApproverRequired: Type.Boolean(),
  approvedBy: maybe(Type.String({ description: 'Who approved first, of two.' })),
  ts: time,
  expiresAtMs: time,
  state: oneOf('pending', 'approved', 'rejected', 'superseded', 'expired'),
  supersededBy: maybe(requestId),
  decidedAtMs: maybe(time),
  decidedBy: maybe(text),
})

const grant = Type.Object({
  role: text,
  via: oneOf('silent', 'owner'),
  scopes: texts,
  approvedBy: maybe(text),
  origin: maybe(Type.String({ description: 'The request or invitation that it came from.' })),
  fromAddress: maybe(text),
  localityReason: text,
  host: maybe(Type.String({ description: 'The host on which a silent one counts.' })),
  grantedAtMs: time,
  expiresAtMs: maybe(time),
})

const token = Type.Object({
  role: text,
  issuedAtMs: time,
  expiresAtMs: maybe(time),
  lastUsedAtMs: maybe(time),
  revokedAtMs: maybe(time),
})

const device = Type.Object({
  deviceId,
  publicKey: text,
  displayName: maybe(text),
  label: maybe(Type.String({ description: "The owner's name for it." })),
  nameWarning: maybe(oneOf('mixed-scripts')),
  platform: maybe(text),
  clientId: maybe(text),
  clientMode: maybe(text),
  role: maybe(text),
  roles: texts,
  scopes: texts,
  approvedScopes: texts,
  approvedVia: oneOf('owner', 'silent'),
  grants: Type.Array(grant),
  createdAtMs: time,
  approvedAtMs: maybe(time),
  lastSeenAtMs: maybe(time),
  connected: Type.Boolean(),
  tokens: Type.Array(token, { description: 'What is known of its tokens; never one itself.' }),
})

const inviteFields = {
  inviteId: text,
  asks: Type.Array(ask),
  label: orNull(text),
  createdBy: text,
  createdAtMs: time,
  expiresAtMs: time,
  usedBy: orNull(deviceId),
  usedAtMs: orNull(time),
}
const ignored = Type.Object({ deviceId, displayName: orNull(text), ignoredBy: text, ignoredAtMs: time })

const auditEntry = Type.Object({
  seq: Type.Integer({ minimum: 1 }),
  atMs: time,
  kind: text,
  actor: text,
  deviceId: orNull(deviceId),
  details: Type.Object({}, { additionalProperties: true }),
  detailsText: Type.String({ description: 'The details as they were hashed.' }),
  previousHash: text,
  hash: text,
})

const verdict = Type.Object({
  isLocal: Type.Boolean(),
  kind: oneOf('direct', 'proxied', 'remote'),
  assurance: oneOf('none', 'headers', 'same-user', 'private-listener', 'local-secret'),
  clientAddress: orNull(text),
  reason: text,
  trace,
  silent: Type.Boolean(),
  advice: maybe(text),
})

/** What answers are made of, by the names that the document gives them. */
export const RECORD_SCHEMAS: Readonly<Record<string, TSchema>> = {
  PairingRequest: pairingRequest,
  PairingRequestList: Type.Object({ requests: Type.Array(pairingRequest), next }),
  Device: device,
  DeviceList: Type.Object({ devices: Type.Array(device), next }),
  Approval: Type.Object({ requestId, device }),
  HalfApproval: Type.Object({ requestId, deviceId, awaiting: oneOf('second-approver') }),
  Rotation: Type.Object({
    deviceId,
    role: text,
    scopes: texts,
    rotatedAtMs: time,
    token: maybe(Type.String({ description: 'For the device itself alone; said once.' })),
    tokenDelivery: oneOf('in-band', 'withheld-cross-device'),
  }),
  Revocation: Type.Object({ deviceId, role: text, revokedAtMs: time }),
  IgnoredDevice: ignored,
  IgnoredDeviceList: Type.Object({ ignored: Type.Array(ignored), next }),
  Invite: Type.Object(inviteFields),
  InviteList: Type.Object({ invites: Type.Array(Type.Object(inviteFields)), next }),
  MadeInvite: Type.Object({
    ...inviteFields,
    bootstrapToken: Type.String({
      description: 'Said once. Whoever presents it first gets what it promises.',
    }),
  }),
  UndoneGrants: Type.Object({
    sinceMs: time,
    grants: Type.Array(Type.Object({ deviceId, role: text, scopes: texts, grantedAtMs: time })),
  }),
  AuditPage: Type.Object({
    entries: Type.Array(auditEntry),
    doubt: orNull(
      Type.String({ description: 'What keeps the end of the log from being signed: see docs/audit.md.' }),
    ),
    next,
  }),
  Explanation: Type.Object({
    verdict,
    ignored: Type.Array(text, { description: 'Fields of the record that say nothing about locality.' }),
    recipes: Type.Array(Type.Object({ title: text, advice: text, lines: texts })),
  }),
  Problem: Type.Object(
    {
      type: Type.String({ pattern: '^urn:latchkey:[a-z-]+$' }),
      title: text,
      status: Type.Integer({ minimum: 400, maximum: 599 }),
      detail: text,
      code: text,
    },
    { additionalProperties: true, description: 'RFC 9457. Further members depend on the code.' },
  ),
}
