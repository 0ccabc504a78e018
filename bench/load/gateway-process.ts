// Serves a gateway with default limits until it is told to end. argv: folder of its store, port (0: any).
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { createGateway, sqliteStore } from '../../lib/index.ts'
import { approveAll } from '../gateway/servers.ts'

const [folder = '', port = '0'] = process.argv.slice(2)
const store = await sqliteStore(path.join(folder, 'latchkey.db'))
const gateway = await createGateway({
  store,
  auditKey: { file: path.join(folder, 'audit.key') },
  localSecret: false,
  logger: { info: () => undefined, warn: () => undefined, error: console.error },
  // Everybody is on this machine; what the kernel's look-up costs is measured elsewhere.
  peerLookup: {
    name: 'fixed',
    lookup: () => Promise.resolve({ status: 'same-user' }),
    close: () => Promise.resolve(),
  },
})
const server = createServer()
gateway.attach(server, { path: '/gateway' })
server.listen({ port: Number(port), host: '127.0.0.1', backlog: 8192 })
await once(server, 'listening')

async function answer(order: string): Promise<unknown> {
  if (order === 'approve') return approveAll(store)
  if (order === 'end') {
    await gateway.close()
    server.closeAllConnections()
    server.close()
    return undefined
  }
  for (let i = 0; i < 4; i += 1) globalThis.gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  const connections = await new Promise<number>((resolve) => {
    server.getConnections((_error, count) => resolve(count))
  })
  return { held: heapUsed + external, rss, cpuMs: (user + system) / 1000, connections }
}
process.on('message', (order: string) => {
  void answer(order).then((told) => process.send?.({ told }, () => order === 'end' && process.exit()))
})
process.on('disconnect', () => process.exit())
process.send?.({ told: (server.address() as AddressInfo).port })
