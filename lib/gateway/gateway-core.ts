import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { LatchkeyError } from '../errors.ts'
import { localityJudge, platformPeerLookup, type LocalityJudge } from '../evidence/index.ts'
import { addressPrefix } from '../locality/address.ts'
import { localityPolicy } from '../locality/index.ts'
import {
  ADMIN_SCOPE,
  approvalPolicy,
  PAIRING_SCOPE,
  pairingService,
  scopeLattice,
  silentPolicy,
  isRole,
  isScope,
  type ApprovalPolicy,
  type PairingEvent,
  type PairingService,
  type ScopeLattice,
} from '../pairing/index.ts'
import { CLOSE } from '../protocol/close-codes.ts'
import { AuthFailures } from './auth-failures.ts'
import type { GatewayLimits } from './limits.ts'
import { openAuditSigner, type GatewayAuditSigner } from './audit-signer.ts'
import { addAuditMethods } from './audit-methods.ts'
import { GatewayTaint } from './gateway-taint.ts'
import { addListMethods } from './list-methods.ts'
import { addLocalityMethods } from './locality-methods.ts'
import { GatewayMetrics } from './metrics.ts'
import { KeptVerdicts } from './kept-verdicts.ts'
import { openLocalSecret, type LocalSecret } from './local-secret.ts'
import { MethodTable } from './methods.ts'
import { parseGatewayOptions, type GatewayConfig, type GatewayOptions } from './options.ts'
import { addPairingMethods } from './pairing-methods.ts'
import { addDoctorMethods } from './doctor-methods.ts'
import { addInviteMethods } from './invite-methods.ts'
import { addTokenMethods } from './token-methods.ts'
import { ownerEvent, type OwnerEvent } from './owner-events.ts'
import { PresenceNews } from './presence-news.ts'
import { SessionLease } from './nodes/session-lease.ts'
import { thisNode, type ThisNode } from './nodes/this-node.ts'
import { gatewayNotifier } from './notices/gateway-notifier.ts'
import type { Notifier } from './notices/notifier.ts'
import { SessionTable } from './session-table.ts'
import { parseSharedSecret, type SharedSecret } from './shared-secret.ts'
import { warnOnce } from './warn-once.ts'
import { UnauthenticatedSockets } from './unauthenticated-sockets.ts'

/** What the parts of one gateway share. */
export class GatewayCore {
  readonly config: GatewayConfig
  readonly limits: GatewayLimits
  readonly lattice: ScopeLattice
  readonly judge: LocalityJudge
  readonly methods = new MethodTable()
  readonly presence: PresenceNews
  readonly sessions: SessionTable
  readonly unauthenticated: UnauthenticatedSockets
  readonly approval: ApprovalPolicy
  readonly auditSigner: GatewayAuditSigner | null
  readonly service: PairingService
  readonly node: ThisNode
  readonly lease: SessionLease
  readonly localSecret: LocalSecret
  readonly sharedSecret: SharedSecret
  readonly authFailures: AuthFailures
  readonly taint: GatewayTaint
  readonly metrics = new GatewayMetrics()
  readonly verdicts = new KeptVerdicts()
  readonly notices: Notifier
  /** Set once the store has answered. */
  gatewayId = ''
  isClosing = false
  /** Answers over HTTP that are under way. */
  readonly answers = new Set<ServerResponse>()
  readonly warnOnce: ReturnType<typeof warnOnce>
  /** Those it is attached to. */
  readonly servers: Set<Pick<Server, 'address'>> = new Set()
  readonly startedAt = performance.now()

  constructor(options: GatewayOptions) {
    const config = parseGatewayOptions(options)
    this.config = config
    this.warnOnce = warnOnce(config.logger)
    this.limits = config.limits
    this.lattice = scopeLattice(config.scopes)
    // All options are parsed before anything is started: what is refused must leave nothing behind.
    this.approval = approvalPolicy(config.approval, this.lattice)
    this.sharedSecret = parseSharedSecret(config.auth)
    const silent = silentPolicy(config.silent, this.lattice)
    this.judge = localityJudge(localityPolicy(config.locality), options.peerLookup ?? platformPeerLookup(), {
      isTainted: () => this.taint.record !== null,
      onVerdict: (verdict) => this.metrics.countVerdict(verdict),
      onLookup: (peer, seconds) => this.metrics.countLookup(peer, seconds),
    })
    this.presence = new PresenceNews((devices, more) => {
      const payload = { devices, more, ts: Date.now() }
      this.#broadcast({ event: 'device.presence', deviceId: null, payload })
    })
    this.sessions = new SessionTable(
      ({ scopes }) => this.lattice.implies(scopes, PAIRING_SCOPE),
      (deviceId, connected) => this.presence.note(deviceId, connected),
    )
    this.unauthenticated = new UnauthenticatedSockets(
      config.limits.unauthenticatedPerPrefix,
      config.limits.unauthenticated,
    )
    const isVolatile = config.store.isVolatile === true
    this.auditSigner = openAuditSigner(config.auditKey, isVolatile, config.logger)
    this.node = thisNode(config.host, config.store, config.logger)
    this.lease = new SessionLease(isVolatile ? null : config.limits.leaseMs)
    this.service = pairingService({
      store: config.store,
      lattice: this.lattice,
      silent,
      approval: this.approval,
      limits: config.limits,
      clock: config.clock,
      auditSigner: this.auditSigner,
      node: { id: this.node.id, host: this.node.host, pid: this.node.pid },
      isGone: (node) => this.node.isGone(node),
      // Others can only lag behind in a store that they can see.
      keepEventsMs: isVolatile ? -1 : config.limits.keepEventsMs,
      onApply: (event, seq) => {
        this.#apply(event, seq)
      },
      onGap: () => {
        this.#startAnew()
      },
      onEvent: (event) => {
        this.#tell(event)
      },
    })
    this.notices = gatewayNotifier(config.notices, () => this.gatewayId, config.logger)
    this.authFailures = new AuthFailures(config.limits, {
      onFailure: (reason) => this.metrics.countAuthFailure(reason),
      onUsedUp: ({ kind, key }) => {
        const fields = { of: kind, key, forMs: config.limits.authBlockMs }
        this.warnOnce(`${kind} ${key}`, 'too many failed authentications: credentials are not looked at for a while', fields) // prettier-ignore
      },
    })
    this.localSecret = openLocalSecret(config.localSecret, config.logger)
    this.taint = new GatewayTaint(this.service)
    addLocalityMethods(this)
    addDoctorMethods(this)
    addPairingMethods(this)
    addListMethods(this)
    addTokenMethods(this)
    addInviteMethods(this)
    addAuditMethods(this)
  }

  /** The network that the caps count a request by. */
  prefixOf(request: IncomingMessage): string {
    return addressPrefix(this.judge.clientAddressOf(request))
  }

  /** @throws {LatchkeyError} INVALID_REQUEST for a role that this gateway does not know, or a scope that is none */
  requireKnown(role: string, scopes: readonly string[]): void {
    if (!isRole(role) || !this.config.roles.includes(role)) {
      throw new LatchkeyError('INVALID_REQUEST', `role: expected one of ${this.config.roles.join(', ')}`)
    }
    if (!scopes.every(isScope))
      throw new LatchkeyError('INVALID_REQUEST', 'scopes: a scope is a dotted name such as operator.read')
  }

  renderMetrics(): string {
    return this.metrics.render({
      latchkey_tainted: {
        help: '1 while the gateway is tainted: its public address was seen to come in looking local.',
        value: this.taint.record === null ? 0 : 1,
      },
      latchkey_sessions: { help: 'Connections of paired devices.', value: this.sessions.size },
      latchkey_unauthenticated: {
        help: 'Connections that have not proved who they are.',
        value: this.unauthenticated.size,
      },
    })
  }

  /** Never throws: what was committed is told to as many as can be told. */
  #tell(event: PairingEvent): void {
    const { logger, onEvent } = this.config
    const failed = (error: unknown): void =>
      logger.error('an event could not be told', { kind: event.kind, error })
    try {
      this.notices.note(event)
    } catch (error) {
      failed(error)
    }
    try {
      // A listener may be asynchronous; what it rejects with must not end the process.
      const listener: (event: PairingEvent) => unknown = onEvent
      Promise.resolve(listener(event)).catch(failed)
    } catch (error) {
      failed(error)
    }
  }

  /** Nobody knows what was missed. */
  #startAnew(): void {
    const { logger } = this.config
    logger.warn('this gateway was away for longer than events are kept, so all connections end')
    this.sessions.endAll(CLOSE.restart, 'the gateway has missed decisions')
    this.taint.load().catch((error: unknown) => logger.error('the taint cannot be read', { error }))
  }

  /** What any gateway of this store has decided. */
  #apply(event: PairingEvent, seq: number): void {
    try {
      this.#tellSessions(event, seq)
    } catch (error) {
      this.config.logger.error('an event could not be told', { kind: event.kind, error })
    }
  }

  #tellSessions(event: PairingEvent, seq: number): void {
    if (event.kind === 'tainted') this.taint.note(event.taint)
    else if (event.kind === 'removed') this.sessions.revoke(event.deviceId, null, 'device removed', seq)
    else if (event.kind === 'revoked') this.sessions.revoke(event.deviceId, event.role, event.why, seq)
    this.#broadcast(ownerEvent(event, this.approval, Date.now()))
  }

  /** To those who may see pairings; without `operator.admin` a device sees only its own. */
  #broadcast({ event, deviceId, payload }: OwnerEvent): void {
    for (const session of this.sessions.watching()) {
      const isOwn = deviceId !== null && session.deviceId === deviceId
      if (isOwn || this.lattice.implies(session.scopes, ADMIN_SCOPE)) session.send(event, payload)
    }
  }
}
