import type { ClientPlatform, StartTimer } from './client-platform.ts'
import { parseConnectOptions, readFunction, readMs, type ConnectOptions } from './connect-options.ts'
import { openConnection, type OpenConnection } from './gateway-connection.ts'
import { PairingRequiredError, requestKey } from './pairing-required-error.ts'
import { retryOf } from './retry.ts'

/** How to connect, and what to call. Unknown names are refused. */
export type CallOptions = Omit<ConnectOptions, 'onEvent'> & {
  /** The method's name, such as `notes.list`. */
  method: string
  /** What it is given; JSON. Default: nothing. */
  params?: unknown
  /**
   * How long to wait for the approval of the owner, in milliseconds: it asks again in the pauses that the
   * gateway names, and throws the last refusal when the time is over. Default: not at all.
   */
  waitForApprovalMs?: number
  /** Told the request that waits for the owner, and again when it has changed. */
  onPairingRequired?: (error: PairingRequiredError) => void
}

const MORE = ['method', 'params', 'waitForApprovalMs', 'onPairingRequired']
/** Between attempts to reach a gateway that went away while its owner was to decide. */
const LOST_PAUSE_MS = 1000

/**
 * @param more options of the platform, which it reads itself
 * @throws {LatchkeyError} as `openConnection`, and the answer
 */
export async function callGatewayOn(
  platform: ClientPlatform,
  options: CallOptions,
  more: readonly string[] = [],
): Promise<unknown> {
  const what = 'callGateway'
  const settings = parseConnectOptions(what, options, [...MORE, ...more])
  const { method, params, waitForApprovalMs = 0 } = options
  const waitMs = waitForApprovalMs === 0 ? 0 : readMs(what, 'waitForApprovalMs', waitForApprovalMs, 0)
  const onPairingRequired = readFunction(what, 'onPairingRequired', options.onPairingRequired)
  const { signal } = settings
  const connection = await untilApproved(
    () => openConnection(platform, settings),
    { waitMs, onPairingRequired, signal },
    platform.startTimer,
  )
  try {
    return await connection.request(method, params, signal === undefined ? {} : { signal })
  } finally {
    connection.close()
  }
}

type Waiting = {
  readonly waitMs: number
  readonly onPairingRequired: CallOptions['onPairingRequired']
  readonly signal: AbortSignal | undefined
}

async function untilApproved(
  open: () => Promise<OpenConnection>,
  { waitMs, onPairingRequired, signal }: Waiting,
  startTimer: StartTimer,
): Promise<OpenConnection> {
  let endsAt: number | null = null
  let told = ''
  for (;;) {
    try {
      return await open()
    } catch (error) {
      if (error instanceof PairingRequiredError) {
        endsAt ??= performance.now() + waitMs
        const request = requestKey(error)
        if (request !== told) onPairingRequired?.(error)
        told = request
      }
      const retry = retryOf(error)
      const leftMs = endsAt === null ? 0 : endsAt - performance.now()
      if (leftMs <= 0 || retry.kind === 'never') throw error
      const pauseMs = retry.kind === 'approval' ? retry.afterMs : Math.max(retry.afterMs, LOST_PAUSE_MS)
      await pause(startTimer, Math.min(pauseMs, leftMs), signal)
    }
  }
}

function pause(startTimer: StartTimer, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      cancel()
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      reject(signal?.reason)
    }
    const cancel = startTimer(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    if (signal?.aborted === true) onAbort()
    else signal?.addEventListener('abort', onAbort, { once: true })
  })
}
