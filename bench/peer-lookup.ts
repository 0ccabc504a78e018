// The look-up through /proc against the one through netlink, in one run: interleaved rounds, medians, ratios.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { connectionFacts } from '../lib/evidence/connection-facts.ts'
import { matchByTables } from '../lib/evidence/linux/inspect-connections.ts'
import { matchThroughNetlink } from '../lib/evidence/linux/netlink-inspect.ts'
import { netlinkPeerLookup } from '../lib/evidence/linux/netlink-peer-lookup.ts'
import { loadLibc } from '../lib/evidence/linux/netlink-socket.ts'
import { procPeerLookup } from '../lib/evidence/linux/proc-peer-lookup.ts'

const ROUNDS = 41
const WARM_UP = 100
const limits = { minIntervalMs: 0 }
const [proc, netlink, libc] = [procPeerLookup(limits), netlinkPeerLookup(limits), await loadLibc()]

const server = createServer().listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo
// A process of its own, as a process that calls itself is not looked into.
const script = `require('node:net').connect(${port}, '127.0.0.1')`
const child = spawn(process.execPath, ['-e', script], { stdio: 'ignore' })
const [socket] = (await once(server, 'connection')) as [Socket]
const { connection } = connectionFacts(socket)
if (connection === null) throw new Error('the client has gone')

const client = { connection, peerUsers: [] }
const gone = { connection: { ...connection, remotePort: 1 }, peerUsers: [] }
if (matchThroughNetlink([client], libc) === null) throw new Error('netlink cannot be asked here')

const cases: { what: string; ways: readonly (() => unknown)[] }[] = [
  {
    what: 'steps 1-2 alone, one connection',
    ways: [() => matchByTables([client]), () => matchThroughNetlink([client], libc)],
  },
  {
    what: 'steps 1-2 alone, 100 connections at once',
    ways: [
      () => matchByTables(new Array(100).fill(client)),
      () => matchThroughNetlink(new Array(100).fill(client), libc),
    ],
  },
  {
    what: 'the whole look-up, refused in step 1',
    ways: [() => proc.lookup(gone.connection, gone), () => netlink.lookup(gone.connection, gone)],
  },
  {
    what: 'the whole look-up of a local client',
    ways: [() => proc.lookup(connection, client), () => netlink.lookup(connection, client)],
  },
]

for (const { what, ways } of cases) {
  const times = ways.map((): number[] => [])
  for (let round = -WARM_UP; round < ROUNDS; round += 1) {
    for (const [index, way] of ways.entries()) {
      const started = performance.now()
      await way()
      if (round >= 0) times[index]?.push(performance.now() - started)
    }
  }
  const [slow = 0, fast = 0] = times.map(median)
  const ratio = (slow / fast).toFixed(1)
  console.log(`${what}: /proc ${slow.toFixed(3)} ms, netlink ${fast.toFixed(3)} ms, ratio ${ratio}`)
}

child.kill()
server.close()
socket.destroy()
await Promise.all([proc.close(), netlink.close()])

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}
