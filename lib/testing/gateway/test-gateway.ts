import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gatewayPages } from '../../admin/gateway-pages.ts'
import type { GatewayOptions as AdminGatewayOptions } from '../../admin/index.ts'
import { LatchkeyError } from '../../errors.ts'
import { createGateway, type Gateway, type GatewayHost, type PairingEvent, type RoutesHandler } from '../../gateway/index.ts' // prettier-ignore
import type { PairedDevice, PairingRequest } from '../../pairing/index.ts'
import { memoryStore } from '../../store/index.ts'
import { fakeClock, type FakeClock } from './fake-clock.ts'
import { ownerHelpers, type OwnerHelpers } from './owner-helpers.ts'

/** As for `createGateway`, without a clock, and what else the port serves. */
export type TestGatewayOptions = Omit<Partial<AdminGatewayOptions>, 'clock'> & {
  /** Serves everything but the gateway on the same port. Default: the routes of the gateway below its path. */
  app?: RequestListener
  /** Of the WebSocket. Default `/gateway`. */
  path?: string
}

/** A gateway of a test's own. */
export type TestGateway = OwnerHelpers & {
  readonly gateway: Gateway
  /** It listens on a free port of loopback: for supertest, superwstest, `fromPeer()`, `asLocal()` and `attack()`. */
  readonly server: Server
  /** `ws://127.0.0.1:<port>/gateway`. Who connects here is a local client. */
  readonly url: string
  readonly clock: FakeClock
  /** What the gateway has told, in order. */
  readonly events: readonly PairingEvent[]
  /** All requests that wait, oldest first. */
  requests(): Promise<readonly PairingRequest[]>
  /** All devices that are paired. */
  devices(): Promise<readonly PairedDevice[]>
  /** @internal Tells of events until the function that it gives is called. */
  listen(listener: (event: PairingEvent) => void): () => void
  /** @internal Run before the gateway closes. */
  onClose(end: () => void): void
  /** Ends everything; may be called twice. */
  close(): Promise<void>
}

const HOST = { kind: 'host', name: 'host' } as const

/**
 * A gateway on a free port, with a memory store and a clock that stands still, for tests. The kernel is not asked:
 * whoever connects to the `url` is local, and `testDevice()` or `fromPeer()` come from elsewhere. It takes the
 * options of `createGateway`, which it is, API and console included.
 *
 * Does *not* fake the age of signatures, nor the time-outs of connections: those follow real time.
 *
 * @throws {LatchkeyError} OPTION_UNKNOWN, OPTION_INVALID
 *
 * @example
 * const gateway = await testGateway({ silent: { mode: 'never' } })
 * gateway.gateway.method('notes.list', { scope: 'operator.read' }, () => ['water the plants'])
 * await gateway.close()
 */
export async function testGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const { app, path = '/gateway', console: hasConsole = true, api = true, onEvent, ...rest } = options
  if ('clock' in rest)
    throw new LatchkeyError(
      'OPTION_INVALID',
      'testGateway: it has a clock of its own: gateway.clock.advance(ms)',
    )
  const events: PairingEvent[] = []
  const listeners = new Set<(event: PairingEvent) => void>()
  const atEnd: (() => void)[] = []
  let host: GatewayHost | null = null
  const clock = fakeClock(async () => host?.service.sweep())
  const gateway = await createGateway(
    {
      store: memoryStore(),
      localSecret: false,
      peerLookup: { name: 'test', lookup: () => Promise.resolve({ status: 'same-user' }), close: () => Promise.resolve() }, // prettier-ignore
      ...rest,
      clock,
      onEvent(event) {
        events.push(event)
        for (const listener of listeners) listener(event)
        onEvent?.(event)
      },
    },
    (given) => gatewayPages((host = given), { api, console: hasConsole }),
  )
  const service = hostOf(host).service
  const server = createServer(app ?? below(path, gateway.routes()))
  gateway.attach(server, { path })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  let closing: Promise<void> | null = null
  const close = async (): Promise<void> => {
    for (const end of atEnd) end()
    await gateway.close()
    server.closeAllConnections()
    await new Promise<void>((resolve) => {
      server.close(() => resolve())
    })
  }
  return {
    ...ownerHelpers(service),
    gateway,
    server,
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    clock,
    events,
    requests: async () => (await service.list(HOST)).pending,
    devices: async () => (await service.list(HOST)).paired,
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    onClose: (end) => void atEnd.push(end),
    close: () => (closing ??= close()),
  }
}

function hostOf(host: GatewayHost | null): GatewayHost {
  if (host === null) throw new LatchkeyError('UNAVAILABLE', 'the gateway has made no pages')
  return host
}

/** Without Express, what a mount does. */
function below(path: string, routes: RoutesHandler): RequestListener {
  return (request, response) => {
    const { url = '' } = request
    const notFound = (): void => void response.writeHead(404).end()
    if (!url.startsWith(`${path}/`)) {
      notFound()
      return
    }
    Object.assign(request, { originalUrl: url, baseUrl: path, url: url.slice(path.length) })
    routes(request, response, notFound)
  }
}
