import { connectGateway, type GatewayConnection } from '../client/index.ts'
import { LatchkeyError } from '../errors.ts'
import { asOwner, type CommonOptions } from './cli-context.ts'
import type { PairingList } from './owner-records.ts'
import { stopSignal } from './stop-signal.ts'
import { watchPrinter, type WatchPrinter } from './watch-printer.ts'

const FIRST_DELAY_MS = 500
const LONGEST_DELAY_MS = 5000

/**
 * Prints what happens until it is asked to stop. The first connection has to succeed; after that it tries
 * again for as long as the gateway cannot be reached, and gives up when the gateway refuses it.
 */
export async function watchGateway(options: CommonOptions): Promise<void> {
  const printer = watchPrinter(options.json === true)
  const stopped = stopSignal(['SIGINT', 'SIGTERM'])
  // `watch | head`: nobody reads any more.
  const unread = new Promise<'stop'>((resolve) => process.stdout.once('error', () => resolve('stop')))
  const stop = Promise.race([stopped.then(() => 'stop' as const), unread])

  let delayMs = FIRST_DELAY_MS
  const first = await Promise.race([open(options, printer), stop])
  if (first === 'stop') return
  let connection: GatewayConnection | null = first
  for (;;) {
    if (connection !== null) {
      delayMs = FIRST_DELAY_MS
      const end = await Promise.race([connection.closed, stop])
      if (end === 'stop') {
        connection.close()
        return
      }
      printer.disconnected(`${end.code} ${end.reason}`.trim(), delayMs)
    }
    if ((await Promise.race([sleep(delayMs), stop])) === 'stop') return
    delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS)
    const next = await Promise.race([again(options, printer, delayMs), stop])
    if (next === 'stop') return
    connection = next
  }
}

/** `null` when it should be tried later. */
async function again(
  options: CommonOptions,
  printer: WatchPrinter,
  delayMs: number,
): Promise<GatewayConnection | null> {
  try {
    return await open(options, printer)
  } catch (error) {
    if (!(error instanceof LatchkeyError) || !MAY_PASS.has(error.code)) throw error
    printer.disconnected(error.message, delayMs)
    return null
  }
}

const MAY_PASS: ReadonlySet<string> = new Set([
  'GATEWAY_UNREACHABLE',
  'UNAVAILABLE',
  'TIMEOUT',
  'CLOSED',
  'RATE_LIMITED',
])

async function open(options: CommonOptions, printer: WatchPrinter): Promise<GatewayConnection> {
  let connection: GatewayConnection | null = null
  let queue = Promise.resolve()
  const look = async (): Promise<void> => {
    if (connection === null) return
    printer.pending((await connection.request('device.pair.list', {})) as PairingList)
  }
  const opened = await connectGateway({
    ...asOwner(options),
    onEvent: (event, payload) => {
      if (event === 'tick') return
      printer.event(event, payload)
      // One after the other, so that what is printed last is what is so. A lost connection is told elsewhere.
      queue = queue.then(look).catch(() => undefined)
    },
  })
  connection = opened
  printer.connected()
  await look()
  return opened
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
