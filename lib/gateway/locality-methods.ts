import Type from 'typebox'
import { LatchkeyError } from '../errors.ts'
import { ADMIN_SCOPE } from '../pairing/index.ts'
import type { GatewayCore } from './gateway-core.ts'
import { paramsReader } from './params-reader.ts'
import { gatewayReport } from './self-description.ts'

const readConnection = paramsReader(
  Type.Object({ connId: Type.String({ minLength: 1, maxLength: 128 }) }, { additionalProperties: false }),
)
const readWhy = paramsReader(
  Type.Object({ why: Type.String({ minLength: 1, maxLength: 512 }) }, { additionalProperties: false }),
)
const readNothing = paramsReader(Type.Object({}, { additionalProperties: false }))

/** What `latchkey explain` and `latchkey doctor` ask a running gateway. All need `operator.admin`. */
export function addLocalityMethods(core: GatewayCore): void {
  const { methods, taint } = core

  methods.add('locality.explain', { scope: ADMIN_SCOPE }, async ({ params }) => {
    const { connId } = readConnection(params)
    const session = core.sessions.find(connId)
    if (session === undefined) throw new LatchkeyError('NOT_FOUND', 'no live connection has this connId')
    return { connId, deviceId: session.deviceId, verdict: await session.locality() }
  })
  methods.add('locality.taint.get', { scope: ADMIN_SCOPE }, ({ params }) => {
    readNothing(params ?? {})
    return { taint: taint.record }
  })
  methods.add('locality.taint.set', { scope: ADMIN_SCOPE }, async ({ params, authority }) => ({
    taint: await taint.set(authority, readWhy(params).why, core.config.clock.now()),
  }))
  methods.add('locality.taint.clear', { scope: ADMIN_SCOPE }, async ({ params, authority }) => {
    readNothing(params ?? {})
    await taint.clear(authority)
    return { taint: null }
  })
  methods.add('doctor.report', { scope: ADMIN_SCOPE }, ({ params }) => {
    readNothing(params ?? {})
    return gatewayReport(core)
  })
}
