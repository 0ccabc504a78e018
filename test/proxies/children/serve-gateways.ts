// Serves the gateways that argv describes and says on stdout where. Ends with its standard input.
import { chmodSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { createGateway, localClient, memoryStore, sqliteStore } from '../../../lib/index.ts'
import type { GatewaySetup, ServedGateway } from '../gateways.ts'

const { folder, setups } = JSON.parse(process.argv[2] ?? '') as {
  readonly folder: string
  readonly setups: readonly GatewaySetup[]
}

const running = await Promise.all(setups.map(serve))
process.stdout.write(`${JSON.stringify(running.map(({ served }) => served))}\n`)

process.stdin.resume().on('end', () => {
  void Promise.all(running.map(({ close }) => close())).then(() => process.exit(0))
})

async function serve(
  { locality, limits = {}, localSecret, storeFile, port = 0, address }: GatewaySetup,
  index: number,
): Promise<{ served: ServedGateway; close: () => Promise<void> }> {
  const store = storeFile === undefined ? memoryStore() : await sqliteStore(storeFile)
  const gateway = await createGateway({
    store,
    locality,
    limits,
    ...(localSecret === undefined ? {} : { localSecret }),
  })
  const app = express()
  app.use(localClient(locality))
  app.get('/verdict', (request, response) => {
    response.json(request.clientLocality)
  })

  const listen = async (where: { host: string; port: number } | { path: string }): Promise<number> => {
    // Longer than the run: a proxy that uses a connection in the moment in which Node closes it answers 502.
    const server = createServer({ keepAliveTimeout: 300_000 }, app as RequestListener)
    gateway.attach(server, { path: '/gateway' })
    await new Promise<void>((resolve) => server.listen(where, resolve))
    const bound = server.address() as AddressInfo | string
    return typeof bound === 'string' ? 0 : bound.port
  }
  const socketPath = `${folder}/${index}.sock`
  await listen({ path: socketPath })
  chmodSync(socketPath, 0o666)
  const served = {
    port: await listen({ host: '127.0.0.1', port }),
    addressPort: address === undefined ? 0 : await listen({ host: address, port: 0 }),
    socketPath,
  }
  return { served, close: () => gateway.close() }
}
