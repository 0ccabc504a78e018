import { CLOSE } from '../protocol/index.ts'
import { attachGateway, type AttachOptions, type UpgradeServer } from './attach.ts'
import { drain } from './drain.ts'
import { expressWsAdapter, type ExpressWsHandler, type ExpressWsOptions } from './express-ws.ts'
import { GatewayCore } from './gateway-core.ts'
import { gatewayHost, type GatewayHost } from './gateway-host.ts'
import { hostInvite, type HostInvite, type HostInviteOptions } from './host-invite.ts'
import { listenLocal, type ListenLocalOptions, type LocalListener } from './listen-local.ts'
import { gatewayRoutes, type RoutesHandler } from './routes.ts'
import { NodeLoop } from './nodes/node-loop.ts'
import type { MethodHandler, MethodOptions } from './methods.ts'
import type { GatewayOptions } from './options.ts'
import { sessionTicker } from './tick-sessions.ts'

const SWEEP_EVERY_MS = 15_000
/** A store that does not answer must not keep a gateway from ending. */
const LEAVE_MS = 5000

/** A WebSocket gateway that pairs devices. */
export type Gateway = {
  /** Names this gateway's store; stays the same over restarts. */
  readonly id: string
  /**
   * Serves the gateway on a path of an HTTP server. Decides about pages of other origins before the 101.
   *
   * @throws {LatchkeyError} OPTION_INVALID
   */
  attach(server: UpgradeServer, options: AttachOptions): void
  /** The handler for a route of express-ws: `app.ws('/gateway', gateway.expressWs())`. */
  expressWs(): ExpressWsHandler
  /** Goes to express-ws with it: `expressWs(app, server, { wsOptions: gateway.wsOptions })`. */
  readonly wsOptions: ExpressWsOptions
  /**
   * Adds a method that paired devices may call. `scope` is what a caller needs; `null` lets all in.
   *
   * @throws {LatchkeyError} OPTION_INVALID for a name that is bad or taken
   */
  method(name: string, options: MethodOptions, handler: MethodHandler): void
  /**
   * `GET whoami` and `GET metrics` below wherever it is mounted: `app.use('/gateway', gateway.routes())`. The
   * latter answers local clients, and scrapers with the `metricsToken`. `GET console` is the owner's console; it
   * finds the WebSocket at the mount, so attach the gateway at the same path. `api` is the admin HTTP API, which
   * `GET api/openapi.json` describes.
   */
  routes(): RoutesHandler
  /**
   * Serves the gateway on a Unix socket that only this user can reach, for clients of assurance
   * `private-listener`. Their URL is `ws+unix:<path>:/gateway`.
   *
   * @throws {LatchkeyError} OPTION_INVALID, FOLDER_UNSAFE, SOCKET_IN_USE
   */
  listenLocal(options: ListenLocalOptions): Promise<LocalListener>
  /**
   * Makes a one-time invitation, in the name of the program itself: whoever presents its token first, from
   * wherever, gets what it promises. With `firstOwner` it works only as long as no owner has approved anything,
   * however many of them were made: that is how the first owner can come from another machine.
   *
   * Does *not* protect the token: hand it to one person, in a way that nobody reads along.
   *
   * @throws {LatchkeyError} OPTION_UNKNOWN, OPTION_INVALID, INVALID_REQUEST for an unknown role, a time of more
   *   than a week, or (`details.code` OWNER_EXISTS) a first owner where there is one; RATE_LIMITED when too many
   *   invitations are open
   *
   * @example
   * const { bootstrapToken } = await gateway.invite({ scopes: ['operator.admin'], firstOwner: true })
   */
  invite(options: HostInviteOptions): Promise<HostInvite>
  /** With `silent.mode: 'window'`: pairs eligible clients silently for this long; 0 closes the window. */
  openPairingWindow(durationMs: number): void
  /**
   * Ends in order: upgrades are answered 503 with Retry-After, what is under way is finished within
   * `limits.drainMs`, all connections end with 1012 (their clients are told to come back at moments that are spread
   * over `limits.restartSpreadMs`), and the store is closed last.
   */
  close(): Promise<void>
}

/**
 * Makes a gateway on a store. A client that is truly on this machine is paired silently, for its first
 * pairing, a role upgrade and a scope upgrade alike; everybody else waits for the approval of the owner.
 *
 * Does *not* protect against programs of the same user on this machine: they are the residents.
 *
 * @param pages makes what `routes()` serves besides; the admin layer hands in the API and the console
 * @throws {LatchkeyError} OPTION_UNKNOWN, OPTION_INVALID, STORE_UNAVAILABLE; FOLDER_UNSAFE or SECRET_UNSAFE for a
 *   file that an option names
 */
export async function createGateway(
  options: GatewayOptions,
  pages?: (host: GatewayHost) => RoutesHandler,
): Promise<Gateway> {
  const core = new GatewayCore(options)
  core.gatewayId = await core.service.gatewayId()
  const doubt = await core.service.auditDoubt()
  if (doubt !== null) core.auditSigner?.onDoubt(doubt)
  // Follows the others before anything of them is read that is remembered here.
  await core.service.tellUntold()
  await core.taint.load()
  await core.service.beat(new Set(), performance.now())
  const listeners: LocalListener[] = []
  const expressWs = expressWsAdapter(core)
  const detach: (() => void)[] = []
  const tick = sessionTicker(() => core.sessions.all())
  const timers = [
    setInterval(() => {
      tick().catch((error: unknown) => core.config.logger.error('tick failed', { error }))
    }, core.limits.tickMs),
    setInterval(() => {
      core.service.sweep().catch((error: unknown) => core.config.logger.error('sweep failed', { error }))
    }, SWEEP_EVERY_MS),
  ]
  for (const timer of timers) timer.unref()
  const loop = new NodeLoop({
    service: core.service,
    store: core.config.store,
    sessions: core.sessions,
    lease: core.lease,
    limits: core.limits,
    logger: core.config.logger,
    onLapse() {
      core.config.logger.error('the store was out of reach for longer than the lease, so all connections end')
      core.sessions.endAll(CLOSE.restart, 'the gateway cannot reach its store')
    },
  })
  const served = pages?.(gatewayHost(core))
  let closing: Promise<void> | null = null

  async function close(): Promise<void> {
    for (const timer of timers) clearInterval(timer)
    await drain(core)
    for (const undo of detach) undo()
    await Promise.all(listeners.map((listener) => listener.close()))
    core.localSecret.close()
    loop.close()
    await withinTime(leave(), LEAVE_MS).catch(
      (error: unknown) =>
      core.config.logger.error('the store could not be left in order; another gateway, or the next start, tells what was not told', { error }), // prettier-ignore
    )
    core.node.close()
    core.presence.close()
    await core.notices.close()
    core.authFailures.close()
    await core.config.store.close()
    await core.auditSigner?.close()
  }

  /** All that was committed here is told, so nobody has to do it in its place. */
  async function leave(): Promise<void> {
    // Nobody comes after it.
    if (core.config.store.isVolatile === true) return
    await core.service.catchUp()
    await core.service.sweep()
    await core.service.leave()
  }

  return {
    id: core.gatewayId,
    attach(server, attachOptions) {
      detach.push(attachGateway(core, server, attachOptions))
    },
    expressWs: () => expressWs.handler,
    wsOptions: expressWs.options,
    method(name, methodOptions, handler) {
      core.methods.add(name, methodOptions, handler)
    },
    routes: () => gatewayRoutes(core, served),
    async listenLocal(listenOptions) {
      const listener = await listenLocal(core, listenOptions, served)
      listeners.push(listener)
      return listener
    },
    invite: (inviteOptions) => hostInvite(core, inviteOptions),
    openPairingWindow(durationMs) {
      core.service.openWindow(durationMs).catch((error: unknown) => {
        core.config.logger.error('the opening of the window could not be recorded', { error })
      })
    },
    close: () => (closing ??= close()),
  }
}

/** Rejects when it takes longer. */
async function withinTime(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
