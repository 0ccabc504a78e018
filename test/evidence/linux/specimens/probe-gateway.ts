// A gateway that says on stdout who it takes each caller for, by both look-ups. The path of the request is the
// caller's label.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { matchThroughNetlink } from '../../../../lib/evidence/linux/netlink-inspect.ts'
import { netlinkPeerLookup } from '../../../../lib/evidence/linux/netlink-peer-lookup.ts'
import { loadLibc } from '../../../../lib/evidence/linux/netlink-socket.ts'
import { procPeerLookup } from '../../../../lib/evidence/linux/proc-peer-lookup.ts'
import { connectionOf } from '../connection-of.ts'

// Without netlink the two would be one and the same.
if (matchThroughNetlink([], await loadLibc()) === null) throw new Error('netlink cannot be asked')

const lookups = [procPeerLookup({ minIntervalMs: 1 }), netlinkPeerLookup({ minIntervalMs: 1 })]
const server = createServer((request, response) => {
  const connection = connectionOf(request.socket)
  void Promise.all(lookups.map((lookup) => lookup.lookup(connection, { peerUsers: [] }))).then(
    ([evidence, netlink]) => {
      console.log(JSON.stringify({ label: request.url?.slice(1), evidence: { ...evidence, netlink } }))
      response.end(`${JSON.stringify(evidence)}\n`)
    },
  )
})
server.keepAliveTimeout = 60_000
server.listen({ port: 0, host: '127.0.0.1', reusePort: true }, () => {
  console.log(JSON.stringify({ port: (server.address() as AddressInfo).port }))
})
