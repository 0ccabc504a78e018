export { createGateway } from './gateway.ts'
export type { Gateway } from './gateway.ts'
export { GATEWAY_OPTIONS } from './options.ts'
export type { PolicyAnswer, PolicyHook, PolicyRequest } from './approve-by-policy.ts'
export type { AuditKeyOption } from './audit-signer.ts'
export { inspectAudit, inspectAuditStream } from './inspect-audit.ts'
export type { AuditInspection } from './inspect-audit.ts'
export type { AttachOptions, UpgradeServer } from './attach.ts'
export type { ExpressWsHandler, ExpressWsOptions } from './express-ws.ts'
export type { LocalityVerdict } from './explain.ts'
export type { GatewayHost } from './gateway-host.ts'
export type { HostInvite, HostInviteOptions } from './host-invite.ts'
export type { GatewayLimits } from './limits.ts'
export type { ListenLocalOptions, LocalListener } from './listen-local.ts'
export type { LocalSecretOption } from './local-secret.ts'
export type { NoticeOptions } from './notices/notice-options.ts'
export type { RoutesHandler } from './routes.ts'
export type { MethodCall, MethodHandler, MethodOptions } from './methods.ts'
export type { Logger } from './logger.ts'
export type { GatewayOptions } from './options.ts'
export type { AuthOptions } from './shared-secret.ts'
export type { PeerLookup } from '../evidence/index.ts'
export type {
  ApprovalOptions,
  Authority,
  Clock,
  PairingEvent,
  PairingStore,
  ScopeRules,
  SilentOptions,
} from '../pairing/index.ts'
