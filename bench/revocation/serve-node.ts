// One gateway with the default limits. argv: its host and its store, as JSON. Tells where it listens.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGateway, sqliteStore } from '../../lib/index.ts'
import { postgresStore } from '../../lib/store/postgres/index.ts'
import type { NodeStore } from './node-process.ts'

const { host, store } = JSON.parse(process.argv[2] ?? '') as { host: string; store: NodeStore }
const quiet = (): void => undefined
const gateway = await createGateway({
  host,
  store:
    'file' in store
      ? await sqliteStore(store.file)
      : await postgresStore({
          connectionString: store.database,
          ...(store.listenAt === undefined ? {} : { listenConnectionString: store.listenAt }),
        }),
  // Everybody is on this machine; what finding that out costs is measured elsewhere.
  peerLookup: {
    name: 'fixed',
    lookup: () => Promise.resolve({ status: 'same-user' as const }),
    close: () => Promise.resolve(),
  },
  localSecret: false,
  auditKey: false,
  logger: { info: quiet, warn: quiet, error: quiet },
})
const server = createServer()
gateway.attach(server, { path: '/gateway' })
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  process.send?.({ url: `ws://127.0.0.1:${port}/gateway` })
})
process.on('disconnect', () => process.exit())
