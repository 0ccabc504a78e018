import { gatewayClient, type GatewayClient } from '../client/index.ts'
import { asOwner, readList, type CommonOptions } from './cli-context.ts'
import { stopSignal } from './stop-signal.ts'
import { watchPrinter } from './watch-printer.ts'

/** Requests that are printed after each event; a flood is no reason to print a thousand each time. */
const SHOWN = 200
const LONGEST_PAUSE_MS = 5000
/** Events after which something else waits than before. */
const CHANGES_REQUESTS = /^device\.pair\.(requested|resolved|removed|changed)$/

/**
 * Prints what happens until it is asked to stop. The first connection has to succeed; after that it tries
 * again for as long as the gateway cannot be reached, and gives up when the gateway refuses it.
 */
export async function watchGateway(options: CommonOptions): Promise<void> {
  const printer = watchPrinter(options.json === true)
  const stopped = stopSignal(['SIGINT', 'SIGTERM'])
  // `watch | head`: nobody reads any more.
  const unread = new Promise<void>((resolve) => process.stdout.once('error', () => resolve()))
  let wasConnected = false
  let queue = Promise.resolve()

  // One after the other, so that what is printed last is what is so. A lost connection is told elsewhere.
  const look = (): void => {
    queue = queue.then(async () => {
      const list = await readList(client, 'device.pair.requests', { trace: true }, SHOWN)
      printer.pending(list)
    }).catch(() => undefined)
  } // prettier-ignore

  const ended = Promise.withResolvers<never>()
  const client: GatewayClient = gatewayClient({
    ...asOwner(options),
    backoff: { maxMs: LONGEST_PAUSE_MS },
    onEvent: (event, payload) => {
      if (event === 'tick') return
      printer.event(event, payload)
      if (CHANGES_REQUESTS.test(event)) look()
    },
    onState: (state) => {
      if (state === 'connected') {
        wasConnected = true
        printer.connected()
        look()
      } else if (state === 'closed') client.connected().catch(ended.reject)
      else if (state === 'connecting') return
      else if (wasConnected) printer.disconnected()
      else fail()
    },
  })

  /** Why the first connection did not come about: a request that waits for one learns it when it gives up. */
  function fail(): void {
    client.request('health', {}, { timeoutMs: 1 }).catch((error: unknown) => {
      ended.reject(error instanceof Error && error.cause !== undefined ? error.cause : error)
    })
  }

  try {
    await Promise.race([stopped, unread, ended.promise])
  } finally {
    client.close()
  }
}
