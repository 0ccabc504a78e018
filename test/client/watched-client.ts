import { afterEach } from '@jest/globals'
import {
  createDeviceIdentity,
  gatewayClient,
  type GatewayClient,
  type GatewayClientOptions,
} from '../../lib/client/index.ts'
import { scriptedGateway, type ScriptedGateway, type Visitor } from './scripted-gateway.ts'

export const identity = createDeviceIdentity()
/** Called after each test, the last one first. */
export const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

type Watched = { client: GatewayClient; states: string[]; gateway: ScriptedGateway }

/** A client of a scripted gateway, which hardly pauses. */
export async function clientOf(
  script: (visitor: Visitor) => unknown,
  more: Partial<GatewayClientOptions> = {},
): Promise<Watched> {
  const gateway = await scriptedGateway(script)
  closing.push(() => gateway.close())
  return { gateway, ...clientAt(gateway.url, more) }
}

export function clientAt(url: string, more: Partial<GatewayClientOptions> = {}): Omit<Watched, 'gateway'> {
  const states: string[] = []
  const client = gatewayClient({
    url,
    identity,
    backoff: { minMs: 1, maxMs: 20, spreadMs: 1 },
    onState: (state) => states.push(state),
    ...more,
  })
  closing.push(() => client.close())
  return { client, states }
}

/** Lets in and answers everything with the name of the method. */
export const serving = async (visitor: Visitor): Promise<never> => {
  await visitor.admit()
  for (;;) {
    const { id, method } = await visitor.next()
    visitor.answer(id, method)
  }
}
