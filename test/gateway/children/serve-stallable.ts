// Serves one gateway that holds any number of sockets, and prints its port. argv: how long a handshake may take.
// A line on standard input is answered with the number of open descriptors of this process.
import { readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { createGateway, memoryStore } from '../../../lib/index.ts'

const handshakeMs = Number(process.argv[2])
const peerLookup = {
  name: 'fixed',
  lookup: () => Promise.resolve({ status: 'same-user' as const }),
  close: () => Promise.resolve(),
}
// None gives way to another: all of them have to be held at a time.
const limits = { handshakeMs, unauthenticatedPerPrefix: 100_000, unauthenticated: 100_000 }
const gateway = await createGateway({ store: memoryStore(), peerLookup, limits })
// What never becomes a request is Node's to end.
const server = createServer({
  headersTimeout: handshakeMs,
  requestTimeout: handshakeMs,
  connectionsCheckingInterval: 500,
})
gateway.attach(server, { path: '/gateway' })
await new Promise<void>((resolve) => {
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, resolve)
})
console.log((server.address() as AddressInfo).port)
createInterface({ input: process.stdin })
  .on('line', () => {
    console.log(readdirSync('/proc/self/fd').length)
  })
  .on('close', () => process.exit(0))
