// All clients of a gateway with default limits lose it and come back: how long, with how many attempts, and what
// turned them away. LATCHKEY_LOAD_CLIENTS (5000), LATCHKEY_LOAD_PROCESSES (4) that they are spread over, all at one
// address; LATCHKEY_LOAD_END=kill ends the gateway without a word to them.
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import path from 'node:path'
import { requireFiles, setting, startChild } from './child.ts'

type Seen = { attempts: number; ends: Record<string, number>; inAt: number[]; connected: number }

const CLIENTS = setting('LATCHKEY_LOAD_CLIENTS', 5000)
const PROCESSES = setting('LATCHKEY_LOAD_PROCESSES', 4)
const LIMIT_MS = 10 * 60_000
const isKilled = process.env.LATCHKEY_LOAD_END === 'kill'
requireFiles(CLIENTS + 500)
const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-load-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const first = await startChild('./gateway-process.ts', [folder])
const port = Number(first.first)
const each = (index: number): number => Math.floor((CLIENTS + index) / PROCESSES)
const clients = await Promise.all(
  Array.from({ length: PROCESSES }, (_, index) =>
    startChild('./storm-clients.ts', [`ws://127.0.0.1:${port}/gateway`, String(each(index))]),
  ),
)
const askAll = async (order: string): Promise<Seen[]> =>
  (await Promise.all(clients.map((client) => client.ask(order)))) as Seen[]

await askAll('pair')
await first.ask('approve')
await askAll('begin')
console.log(`${CLIENTS} approved devices are connected, in ${PROCESSES} processes; load ${load()}. The gateway ${isKilled ? 'is killed' : 'restarts'}.`) // prettier-ignore
const lostAt = Date.now()
if (isKilled) await first.kill()
else await first.ask('end')
const second = await startChild('./gateway-process.ts', [folder, String(port)])
const upAt = Date.now()

let seen = await askAll('tell')
while (seen.reduce((sum, { connected }) => sum + connected, 0) < CLIENTS && Date.now() - upAt < LIMIT_MS) {
  await new Promise((resolve) => setTimeout(resolve, 500))
  seen = await askAll('tell')
}
const { cpuMs } = (await second.ask('tell')) as { cpuMs: number }
const inAt = seen.flatMap((one) => one.inAt).sort((a, b) => a - b)
const attempts = seen.reduce((sum, one) => sum + one.attempts, 0)
const ends: Record<string, number> = {}
for (const one of seen)
  for (const [what, times] of Object.entries(one.ends)) ends[what] = (ends[what] ?? 0) + times
const back = (share: number): string => {
  const at = inAt[Math.ceil(CLIENTS * share) - 1]
  return at === undefined ? 'never' : `${((at - upAt) / 1000).toFixed(1)} s`
}
const connected = seen.reduce((sum, one) => sum + one.connected, 0)
console.log(`the port was open again ${((upAt - lostAt) / 1000).toFixed(1)} s after the end began`)
console.log(`of ${CLIENTS}, counted from then: 50 % after ${back(0.5)}, 99 % after ${back(0.99)}, all after ${back(1)}; ${connected} are in now`) // prettier-ignore
console.log(`${attempts} attempts; connections and attempts that ended, by why: ${JSON.stringify(ends)}`)
console.log(`CPU time of the new gateway, its start included: ${(cpuMs / 1000).toFixed(1)} s; load ${load()}`)
process.exit(connected === CLIENTS ? 0 : 1)

function load(): string {
  return (loadavg()[0] ?? NaN).toFixed(1)
}
