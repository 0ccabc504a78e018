import { createServer } from 'node:http'
import path from 'node:path'
import { LatchkeyError } from '../errors.ts'
import { createGateway, type GatewayOptions } from '../admin/index.ts'
import type { PostgresStoreOptions } from '../store/postgres/index.ts'
import { tellFirstOwner } from './first-owner-link.ts'
import { fingerprint, printable } from './printable.ts'
import { noticesOf, type NoticeFlags } from './serve-notices.ts'
import { stopSignal } from './stop-signal.ts'
import { openStore } from './store-place.ts'

export type ServeOptions = NoticeFlags & {
  readonly host: string
  readonly port: number
  readonly stateDir: string
  /** A database in the place of the folder. */
  readonly store?: string | PostgresStoreOptions
  readonly trustProxy?: string
  readonly allowedOrigin?: readonly string[]
  readonly socket?: string
  readonly ownerLink: boolean
  readonly publicUrl?: string
  /** Of the configuration file. */
  readonly gateway?: Omit<GatewayOptions, 'store' | 'onEvent'>
}
type PairingEvent = Parameters<NonNullable<GatewayOptions['onEvent']>>[0]

/** Resolves when the gateway was asked to stop and has stopped. */
export async function serveGateway(options: ServeOptions): Promise<void> {
  const { trustProxy, allowedOrigin: allowedOrigins } = options
  const notices = noticesOf(options, options.gateway?.notices)
  const { store, place } = await openStore(options.store, options.stateDir)
  const gateway = await createGateway({
    ...options.gateway,
    store,
    ...(notices === undefined ? {} : { notices }),
    locality: {
      ...options.gateway?.locality,
      ...(trustProxy === undefined ? {} : { trustProxy }),
      ...(allowedOrigins === undefined ? {} : { allowedOrigins }),
    },
    onEvent: tell,
  })
  const routes = gateway.routes()
  let isStopping = false
  const server = createServer((request, response) => {
    const answer = (status: number, body: object): void => {
      response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
      response.end(JSON.stringify(body))
    }
    if (request.method === 'GET' && request.url === '/healthz') {
      answer(isStopping ? 503 : 200, { ok: !isStopping })
      return
    }
    // As Express does below a mount point: what was sent is still needed.
    Object.assign(request, { originalUrl: request.url })
    request.url = (request.url ?? '').replace(/^\/gateway(?=\/)/, '')
    routes(request, response, (error) => {
      answer(
        error === undefined ? 404 : 500,
        error === undefined ? { title: 'Not Found', status: 404 } : { status: 500 },
      )
    })
  })
  gateway.attach(server, { path: ['/', '/gateway'] })
  // From here on there is something to close in order.
  const stopped = stopSignal(['SIGINT', 'SIGTERM'])
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const message = `cannot listen on ${options.host}:${options.port}: ${error.message}`
      void gateway.close().finally(() => reject(new LatchkeyError('UNAVAILABLE', message, { cause: error })))
    })
    server.listen(options.port, options.host, resolve)
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : options.port
  const host = options.host.includes(':') ? `[${options.host}]` : options.host
  console.log(`Latchkey listens on ws://${host}:${port}/gateway, state in ${place}.`)
  if (options.socket !== undefined) {
    await gateway.listenLocal({ path: path.resolve(options.socket) })
    console.log(`... and on ws+unix:${path.resolve(options.socket)}:/gateway`)
  }
  console.log(`The owner's console: http://${host}:${port}/gateway/console`)
  console.log(`Local tools pair silently: latchkey call health --url ws://${host}:${port}/gateway`)
  if (options.ownerLink) await tellFirstOwner(gateway, `ws://${host}:${port}/gateway`, options.publicUrl)
  await stopped
  isStopping = true
  console.log('Stopping.')
  // It goes on listening meanwhile, so that a balancer is told in words to ask another node.
  await gateway.close()
  server.close()
  server.closeAllConnections()
}

function tell(event: PairingEvent): void {
  // Of what the owner does there is the log.
  if (event.kind === 'changed') return
  if (event.kind === 'tainted') {
    console.log(event.taint === null ? 'No longer tainted.' : `Tainted: ${printable(event.taint.why)}`)
    return
  }
  if (event.kind === 'removed' || event.kind === 'revoked') {
    const what = event.kind === 'removed' ? 'Removed' : `Revoked (${event.why})`
    console.log(`${what}: key ${fingerprint(event.deviceId)}`)
    return
  }
  if (event.kind === 'granted') {
    const scopes = event.scopes.map(printable).join(', ') || 'no further scopes'
    console.log(`Paired (${event.via}): ${named(event)} as ${printable(event.role)} with ${scopes}`)
    return
  }
  const { request } = event
  if (event.kind === 'resolved') {
    console.log(`Request ${request.id} of ${named(request)}: ${event.decision}`)
    return
  }
  const from = request.fromAddress ?? 'an unknown address'
  console.log(
    `${named(request)} from ${from} waits for your approval: ${request.reason}, ${request.localityReason}`,
  )
  console.log(`  latchkey requests    or    latchkey approve ${request.id} --digest ${request.digest}`)
}

function named(device: { readonly deviceId: string; readonly displayName: string | null }): string {
  return `"${printable(device.displayName ?? '')}" (key ${fingerprint(device.deviceId)})`
}
