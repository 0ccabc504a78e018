import Type from 'typebox'
import { ADMIN_SCOPE } from '../pairing/index.ts'
import type { GatewayCore } from './gateway-core.ts'
import { paramsReader } from './params-reader.ts'

const DEFAULT_LIMIT = 50
const MAX_LIMIT = 200

const closed = { additionalProperties: false } as const
const readPage = paramsReader(
  Type.Object(
    {
      after: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_LIMIT })),
      newest: Type.Optional(Type.Boolean()),
    },
    closed,
  ),
)
const readNothing = paramsReader(Type.Object({}, closed))

/** What the owner reads of the audit log. Both need `operator.admin`. */
export function addAuditMethods({ methods, service, auditSigner }: GatewayCore): void {
  const scope = ADMIN_SCOPE

  methods.add('audit.list', { scope }, async ({ params, authority }) => {
    const { limit = DEFAULT_LIMIT, ...page } = readPage(params ?? {})
    const { entries, doubt } = await service.auditEntries(authority, { ...page, limit })
    return { entries, publicKey: auditSigner?.publicKey ?? null, doubt }
  })

  methods.add('audit.accept', { scope }, async ({ params, authority }) => {
    readNothing(params ?? {})
    return { accepted: await service.acceptAudit(authority) }
  })
}
