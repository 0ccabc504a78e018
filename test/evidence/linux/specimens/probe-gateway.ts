// A gateway that says on stdout who it takes each caller for. The path of the request is the caller's label.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { procPeerLookup } from '../../../../lib/evidence/linux/proc-peer-lookup.ts'
import { connectionOf } from '../connection-of.ts'

const lookup = procPeerLookup({ minIntervalMs: 1 })
const server = createServer((request, response) => {
  void lookup.lookup(connectionOf(request.socket), { peerUsers: [] }).then((evidence) => {
    console.log(JSON.stringify({ label: request.url?.slice(1), evidence }))
    response.end(`${JSON.stringify(evidence)}\n`)
  })
})
server.keepAliveTimeout = 60_000
server.listen({ port: 0, host: '127.0.0.1', reusePort: true }, () => {
  console.log(JSON.stringify({ port: (server.address() as AddressInfo).port }))
})
