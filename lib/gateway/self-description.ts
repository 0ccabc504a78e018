import { createRequire } from 'node:module'
import type { HelloOk } from '../protocol/hello-ok.ts'
import type { GatewayCore } from './gateway-core.ts'
import { EVENTS } from './owner-events.ts'
import type { Session } from './session.ts'

const { version } = createRequire(import.meta.url)('../../package.json') as { readonly version: string }

/** What a client is told when it is let in. */
export function helloOk(
  core: GatewayCore,
  protocol: number,
  session: Session,
  newToken: string | null,
): HelloOk {
  const { connId, role, scopes } = session
  const nowMs = Date.now()
  return {
    type: 'hello-ok',
    protocol,
    server: { version, connId },
    features: { methods: core.methods.names(), events: EVENTS },
    snapshot: {
      presence: [],
      health: { ok: true, ts: nowMs },
      stateVersion: { presence: 0, health: 0 },
      uptimeMs: Math.round(performance.now() - core.startedAt),
    },
    auth: {
      role,
      scopes,
      ...(newToken === null ? {} : { deviceToken: newToken, issuedAtMs: nowMs }),
    },
    policy: {
      maxPayload: core.limits.maxPayloadBytes,
      maxBufferedBytes: core.limits.maxBufferedBytes,
      tickIntervalMs: core.limits.tickMs,
    },
  }
}

/** What `latchkey doctor` wants to know of a running gateway. No secret is in it. */
export function gatewayReport(core: GatewayCore): object {
  const { trustProxy = [], forwardedBy = 'x-forwarded-for', assurance } = core.config.locality
  return {
    gatewayId: core.gatewayId,
    version,
    node: process.versions.node,
    trustProxy: trustProxy === false ? [] : trustProxy,
    forwardedBy,
    assurance: core.judge.policy.assurance === 'headers' ? 'headers' : (assurance ?? 'same-user'),
    listeners: [...core.servers].map((server) => server.address()).filter((address) => address !== null),
    secretFile: core.localSecret.file,
    taint: core.taint.record,
  }
}
