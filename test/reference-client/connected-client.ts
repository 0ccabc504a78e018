import { GatewayClient, type GatewayClientOptions } from '@openclaw/gateway-client'
import type { HelloOk } from '@openclaw/gateway-protocol'
import type { Device } from './device.ts'

export type Close = { readonly code: number; readonly reason: string }

/** The published client, with all that it told its host. */
export type ObservedClient = {
  readonly client: GatewayClient
  readonly hellos: readonly HelloOk[]
  readonly errors: readonly Error[]
  readonly closes: readonly Close[]
  readonly pauses: readonly Close[]
  readonly ticks: readonly unknown[]
  /** Resolves with the first hello-ok that comes after this many; rejects when none comes. */
  hello(after?: number): Promise<HelloOk>
  /** Resolves when the condition holds; asks again whenever the client tells something. */
  until(condition: () => boolean): Promise<void>
  stop(): Promise<void>
}

const WAIT_MS = 12_000

export function startClient(
  port: number,
  device: Device,
  options: GatewayClientOptions = {},
): ObservedClient {
  const hellos: HelloOk[] = []
  const errors: Error[] = []
  const closes: Close[] = []
  const pauses: Close[] = []
  const ticks: unknown[] = []
  const watchers = new Set<() => void>()
  const told = (): void => {
    for (const look of [...watchers]) look()
  }
  const client = new GatewayClient({
    url: `ws://127.0.0.1:${port}/gateway`,
    hostDeps: device.hostDeps,
    ...options,
    onHelloOk: (hello) => {
      hellos.push(hello)
      told()
    },
    onConnectError: (error) => {
      errors.push(error)
      told()
    },
    onClose: (code, reason) => {
      closes.push({ code, reason })
      told()
    },
    onReconnectPaused: ({ code, reason }) => {
      pauses.push({ code, reason })
      told()
    },
    onEvent: ({ event, payload }) => {
      if (event === 'tick') ticks.push(payload)
      told()
    },
  })

  function until(condition: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (!condition()) return
        settle()
        resolve()
      }
      const timer = setTimeout(() => {
        settle()
        const seen = { hellos: hellos.length, errors: errors.map(String), closes, pauses }
        reject(new Error(`it did not happen: ${condition.toString()}; ${JSON.stringify(seen)}`))
      }, WAIT_MS)
      const settle = (): void => {
        clearTimeout(timer)
        watchers.delete(look)
      }
      watchers.add(look)
      look()
    })
  }

  client.start()
  return {
    client,
    hellos,
    errors,
    closes,
    pauses,
    ticks,
    until,
    async hello(after = 0) {
      await until(() => hellos.length > after)
      return hellos[after] as HelloOk
    },
    stop: () => client.stopAndWait(),
  }
}
