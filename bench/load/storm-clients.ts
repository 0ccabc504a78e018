// Latchkey's own clients, which connect again by themselves, and what becomes of their attempts. argv: url, how many.
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { gatewayClientOn } from '../../lib/client/gateway-client.ts'
import type { GatewayClient } from '../../lib/client/gateway-client.ts'
import { nodePlatform, NODE_OPTIONS } from '../../lib/client/node/node-platform.ts'

const [url = '', count = '0'] = process.argv.slice(2)
let attempts = 0
let ends: Record<string, number> = {}
let inAt: number[] = []

const node = nodePlatform({})
const platform: typeof node = {
  ...node,
  open(to, events) {
    attempts += 1
    return node.open(to, {
      ...events,
      onEnd(code, reason, error) {
        const cause = (error?.cause as NodeJS.ErrnoException | undefined)?.code
        const what = cause ?? (error === undefined ? `${code} ${reason}` : `${code} ${error.code}`)
        ends[what] = (ends[what] ?? 0) + 1
        events.onEnd(code, reason, error)
      },
    })
  },
}

const clients: GatewayClient[] = []
async function pair(): Promise<undefined> {
  for (let i = clients.length; i < Number(count); i += 10) {
    const few = Array.from({ length: Math.min(10, Number(count) - i) }, () =>
      gatewayClientOn(platform, {
        url,
        identity: createDeviceIdentity(),
        scopes: ['operator.read'],
        onState: (state) => {
          if (state === 'connected') inAt.push(Date.now())
        },
      }, NODE_OPTIONS)) // prettier-ignore
    clients.push(...few)
    await Promise.all(few.map((client) => client.connected()))
  }
}

async function answer(order: string): Promise<unknown> {
  if (order === 'pair') return pair()
  if (order === 'begin') [attempts, ends, inAt] = [0, {}, []]
  return { attempts, ends, inAt, connected: clients.filter(({ state }) => state === 'connected').length }
}
process.on('message', (order: string) => {
  void answer(order).then((told) => process.send?.({ told }))
})
process.on('disconnect', () => process.exit())
process.send?.({ told: 'ready' })
