import { createServer } from 'node:http'
import { listenPrivately } from '../evidence/index.ts'
import { attachGateway } from './attach.ts'
import type { GatewayCore } from './gateway-core.ts'
import { gatewayRoutes, type RoutesHandler } from './routes.ts'

/** Where the private listener is. */
export type ListenLocalOptions = {
  /** Absolute path of the Unix socket, in a folder of mode 0700. */
  path: string
}

/** A listener for local clients alone. */
export type LocalListener = {
  /** Of the Unix socket. */
  readonly path: string
  /** Stops listening and ends what is connected. */
  close(): Promise<void>
}

/** Serves the gateway on a Unix socket of its own: WebSocket on `/` and `/gateway`, and its HTTP routes. */
export async function listenLocal(
  core: GatewayCore,
  { path }: ListenLocalOptions,
  pages: RoutesHandler | undefined,
): Promise<LocalListener> {
  const routes = gatewayRoutes(core, pages)
  const server = createServer((request, response) => {
    routes(request, response, () => {
      response.writeHead(404, { 'Content-Type': 'application/problem+json' })
      response.end(JSON.stringify({ type: 'about:blank', title: 'Not Found', status: 404 }))
    })
  })
  const detach = attachGateway(core, server, { path: ['/', '/gateway'] })
  await listenPrivately(server, path)
  return {
    path,
    close: () =>
      new Promise((resolve) => {
        detach()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
