// Many idle connections of paired devices on one gateway with default limits: what each holds in memory, and how an
// honest client fares beside them. LATCHKEY_LOAD_CLIENTS (10000), LATCHKEY_LOAD_PROCESSES (4), each at an address of
// its own, LATCHKEY_LOAD_SECONDS (65) that they stand: signs of life go out every 30.
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import path from 'node:path'
import { connectGateway, createDeviceIdentity } from '../../lib/client/index.ts'
import { clientProcess } from '../gateway/client-process.ts'
import { requireFiles, setting, startChild } from './child.ts'

type Told = { held: number; rss: number; cpuMs: number; connections: number }

const CLIENTS = setting('LATCHKEY_LOAD_CLIENTS', 10_000)
const PROCESSES = setting('LATCHKEY_LOAD_PROCESSES', 4)
const SECONDS = setting('LATCHKEY_LOAD_SECONDS', 65)
const WARM_UP = 400
requireFiles(CLIENTS + WARM_UP + 500)
const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-load-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const gateway = await startChild('./gateway-process.ts', [folder])
const url = `ws://127.0.0.1:${Number(gateway.first)}/gateway`
const tell = async (): Promise<Told> => (await gateway.ask('tell')) as Told
const clients = Array.from({ length: PROCESSES }, () => clientProcess())
const hold = (count: number): Promise<unknown> =>
  Promise.all(
    clients.map((client, index) => {
      const times = Math.floor((count + index) / PROCESSES)
      return client.run({ kind: 'latchkey', url, times, width: 4, hold: true, from: `127.0.1.${index + 1}` })
    }),
  )

// What is made once is not counted.
await hold(WARM_UP)
const before = await tell()
const started = performance.now()
await hold(CLIENTS)
const took = (performance.now() - started) / 1000
const after = await tell()
const stand = after.connections - before.connections
console.log(
  `${stand} new devices were paired and connected in ${took.toFixed(0)} s, beside ${before.connections}; load ${load()}`,
)
console.log(
  `each holds ${kib(after.held - before.held)} of heap and buffers, ${kib(after.rss - before.rss)} of resident memory; the process has ${(after.rss / 2 ** 20).toFixed(0)} MiB`,
)

const connects: number[] = []
const answers: number[] = []
const end = performance.now() + SECONDS * 1000
const idleFrom = await tell()
const timed = async <T>(into: number[], work: () => Promise<T>): Promise<T> => {
  const from = performance.now()
  const result = await work()
  into.push(performance.now() - from)
  return result
}
while (performance.now() < end) {
  const identity = createDeviceIdentity()
  const connection = await timed(connects, () => connectGateway({ url, identity, scopes: ['operator.read'] }))
  for (let i = 0; i < 5; i += 1) {
    await timed(answers, () => connection.request('health'))
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  connection.close()
}
const last = await tell()
console.log(
  `beside them, for ${SECONDS} s: pairing and connecting took ${spread(connects)}, a request ${spread(answers)}`,
)
console.log(
  `all of ${last.connections} stand still: ${last.connections >= stand ? 'yes' : 'NO'}; CPU time of the gateway meanwhile ${((last.cpuMs - idleFrom.cpuMs) / 1000).toFixed(1)} s; load ${load()}`,
)
for (const client of clients) client.end()
process.exit(last.connections >= stand ? 0 : 1)

function spread(ms: number[]): string {
  const sorted = ms.toSorted((a, b) => a - b)
  const at = (share: number): string => (sorted[Math.ceil(sorted.length * share) - 1] ?? NaN).toFixed(0)
  return `${at(0.5)} ms (median of ${sorted.length}), ${at(0.99)} ms (99 %), ${at(1)} ms (longest)`
}

function kib(bytes: number): string {
  return `${(bytes / 1024 / stand).toFixed(1)} KiB`
}

function load(): string {
  return (loadavg()[0] ?? NaN).toFixed(1)
}
