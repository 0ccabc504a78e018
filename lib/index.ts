import './require-node.ts'

export { LatchkeyError } from './errors.ts'
export type { ErrorDetails, LatchkeyErrorCode } from './errors.ts'
export { localClient, requireLocalClient } from './express/index.ts'
export type { LocalClientMiddleware, LocalClientOptions } from './express/index.ts'
export { markIngress } from './evidence/index.ts'
export type { IngressMark } from './evidence/index.ts'
export { createGateway } from './admin/index.ts'
export type { GatewayOptions } from './admin/index.ts'
export type { ServeConfig } from './cli/serve-config.ts'
export type {
  ApprovalOptions,
  AttachOptions,
  AuditKeyOption,
  AuthOptions,
  Authority,
  Clock,
  ExpressWsHandler,
  ExpressWsOptions,
  Gateway,
  GatewayLimits,
  HostInvite,
  HostInviteOptions,
  ListenLocalOptions,
  LocalListener,
  LocalSecretOption,
  RoutesHandler,
  Logger,
  MethodCall,
  MethodHandler,
  MethodOptions,
  NoticeOptions,
  PairingEvent,
  PairingStore,
  PeerLookup,
  PolicyAnswer,
  PolicyHook,
  PolicyRequest,
  ScopeRules,
  SilentOptions,
  UpgradeServer,
} from './gateway/index.ts'
export type { GatewaySocket } from './gateway/gateway-socket.ts'
export type { DeviceAuthority } from './pairing/authority.ts'
export type { ChangedThing, TaintRecord } from './pairing/pairing-context.ts'
export type { SilentReason } from './pairing/silent-policy.ts'
export { decideLocality, localityPolicy } from './locality/index.ts'
export type {
  Assurance,
  ForwardedBy,
  LocalityOptions,
  LocalityPolicy,
  LocalityReason,
  LocalityVerdict,
  PeerEvidence,
  RequestFacts,
  TraceEntry,
} from './locality/index.ts'
export { backupStore, memoryStore, restoreStore, sqliteStore } from './store/index.ts'
