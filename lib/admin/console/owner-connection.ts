import {
  browserIdentity,
  gatewayClient,
  LatchkeyError,
  PairingRequiredError,
  type ConnectAuth,
  type DeviceIdentity,
  type GatewayClient,
} from '../../client/browser/index.ts'
import { gatewayUrl, whoamiUrl } from './addresses.ts'
import { browserName } from './browser-name.ts'

/** What stands between this page and the gateway. */
export type Standing =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected'; readonly methods: ReadonlySet<string> }
  /** It was there, and will be again. */
  | { readonly kind: 'lost' }
  | { readonly kind: 'unreachable' }
  /** The gateway answers, and this page gets no WebSocket. */
  | { readonly kind: 'no-socket' }
  | { readonly kind: 'waiting'; readonly error: PairingRequiredError }
  | { readonly kind: 'secret'; readonly wants: 'token' | 'password'; readonly wasWrong: boolean }
  | { readonly kind: 'failed'; readonly error: unknown }

export type OwnerConnection = {
  /** Of this console's own key; empty until it has one. */
  deviceId: () => string
  /** What the gateway's clock is ahead of this one. */
  clockOffsetMs: () => number
  request: (method: string, params?: unknown) => Promise<unknown>
  /** Tries again with the secret that all clients of this gateway share. */
  useSecret(wants: 'token' | 'password', secret: string): void
  /** Tries again with an invitation. */
  useInvite(token: string): void
  retry(): void
}

export type ConnectionEvents = {
  onStanding: (standing: Standing) => void
  onEvent: (event: string, payload: unknown) => void
  /** The invitation in the address was of no use; it goes on without. */
  onInviteRefused: () => void
}

const SECRET = /^AUTH_(TOKEN|PASSWORD)_(MISSING|MISMATCH)$/

/** Keeps this console connected: as a device like any other, with a key that never leaves the browser. */
export function ownerConnection(page: URL, invite: string | null, events: ConnectionEvents): OwnerConnection {
  let identity: DeviceIdentity | null = null
  let client: GatewayClient | null = null
  let clockOffsetMs = 0
  let wasConnected = false
  let auth: ConnectAuth = invite === null ? {} : { bootstrapToken: invite }

  async function start(): Promise<void> {
    client?.close()
    client = null
    events.onStanding({ kind: 'connecting' })
    try {
      if (!('subtle' in crypto)) (await import('./plain-http-crypto.ts')).provideCrypto()
      identity ??= await browserIdentity({ name: 'console' })
      client = open(identity)
    } catch (error) {
      events.onStanding({ kind: 'failed', error })
    }
  }

  function open(own: DeviceIdentity): GatewayClient {
    const opened: GatewayClient = gatewayClient({
      url: gatewayUrl(page).href,
      identity: own,
      scopes: ['operator.admin'],
      client: { id: 'latchkey-console', mode: 'ui', displayName: browserName(navigator.userAgent) },
      auth,
      // A person looks at it.
      backoff: { maxMs: 4000, spreadMs: 1500 },
      onEvent: events.onEvent,
      onPairingRequired: (error) => events.onStanding({ kind: 'waiting', error }),
      onState(state) {
        if (opened !== client) return
        if (state === 'connected') void connected(opened)
        else if (state === 'waiting') void interrupted()
        else if (state === 'closed') opened.connected().catch(gaveUp)
      },
    })
    return opened
  }

  async function connected(current: GatewayClient): Promise<void> {
    const hello = await current.connected()
    wasConnected = true
    clockOffsetMs = hello.snapshot.health.ts - Date.now()
    events.onStanding({ kind: 'connected', methods: new Set(hello.features.methods) })
  }

  /** A browser does not say why a WebSocket fails; whether anybody is there at all can be asked. */
  async function interrupted(): Promise<void> {
    if (wasConnected) {
      events.onStanding({ kind: 'lost' })
      return
    }
    const isThere = await fetch(whoamiUrl(page), { cache: 'no-store' }).then(
      ({ ok }) => ok,
      () => false,
    )
    if (client?.state === 'waiting') events.onStanding({ kind: isThere ? 'no-socket' : 'unreachable' })
  }

  function gaveUp(error: unknown): void {
    const code = error instanceof LatchkeyError ? String(error.details?.code) : ''
    const [, wants, problem] = SECRET.exec(code) ?? []
    if (code === 'AUTH_BOOTSTRAP_TOKEN_INVALID' && auth.bootstrapToken !== undefined) {
      auth = {}
      events.onInviteRefused()
      void start()
    } else if (wants !== undefined) {
      const wasWrong = problem === 'MISMATCH'
      events.onStanding({ kind: 'secret', wants: wants === 'TOKEN' ? 'token' : 'password', wasWrong })
    } else {
      events.onStanding({ kind: 'failed', error })
    }
  }

  // Whoever is told has the connection in hand by then.
  queueMicrotask(() => void start())
  return {
    deviceId: () => identity?.deviceId ?? '',
    clockOffsetMs: () => clockOffsetMs,
    request: (method, params = {}) =>
      client === null
        ? Promise.reject(new LatchkeyError('CLOSED'))
        : client.request(method, params, { timeoutMs: 15_000 }),
    useSecret(wants, secret) {
      auth = { [wants]: secret }
      void start()
    },
    useInvite(token) {
      auth = { bootstrapToken: token }
      void start()
    },
    retry: () => void start(),
  }
}
