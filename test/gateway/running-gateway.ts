import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { PeerEvidence } from '../../lib/locality/index.ts'
import { createGateway, memoryStore, type Gateway, type GatewayOptions } from '../../lib/index.ts'

export type RunningGateway = {
  readonly gateway: Gateway
  readonly server: Server
  readonly port: number
  readonly url: string
  /** What the look-up answers from now on. */
  readonly peer: { status: PeerEvidence['status']; lookups: number }
  close(): Promise<void>
}

const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined }

/** A gateway on a server of its own, at `/gateway`. Everybody is local until `peer.status` says otherwise. */
export async function runGateway(
  options: Partial<GatewayOptions> = {},
  app?: RequestListener,
): Promise<RunningGateway> {
  const peer: RunningGateway['peer'] = { status: 'same-user', lookups: 0 }
  const gateway = await createGateway({
    store: memoryStore(),
    logger: QUIET,
    peerLookup: {
      name: 'test',
      lookup: () => {
        peer.lookups += 1
        return Promise.resolve({ status: peer.status })
      },
      close: () => Promise.resolve(),
    },
    ...options,
  })
  const server = createServer(app)
  gateway.attach(server, { path: '/gateway' })
  const port = await listen(server)
  return {
    gateway,
    server,
    port,
    url: `ws://127.0.0.1:${port}/gateway`,
    peer,
    async close() {
      await gateway.close()
      await stop(server)
    },
  }
}

/** Listens on loopback, on a port that was free. */
export async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return (server.address() as AddressInfo).port
}

/** Ends a server with all its connections, upgraded ones too. */
export async function stop(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve()
    })
  })
}

/** Waits until `condition` holds, at most five seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 5000
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`still not so: ${condition.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
