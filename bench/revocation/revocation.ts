// npm run bench:revocation [-- name of a case]: how long after a revocation on one gateway its connection on another
// one ends. Two processes that serve, PostgreSQL beside them; this one is the owner and all the devices.
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import path from 'node:path'
import { startPostgres } from '../../test/postgres-server.ts'
import { cuttableWay } from './cuttable-way.ts'
import { startNode, type NodeStore } from './node-process.ts'
import { revokeEach, revokeInTurn, type Ended } from './revoke.ts'

type Case = { readonly what: string; readonly stated: string; readonly run: () => Promise<Ended[]> }

const count = (otherwise: number): number => Number(process.env.LATCHKEY_BENCH_REVOCATIONS ?? otherwise)

const server = await startPostgres()
const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-bench-'))

async function between(a: NodeStore, b: NodeStore, work: (a: string, b: string) => Promise<Ended[]>): Promise<Ended[]> {
  const first = await startNode('host-a', a)
  const second = await startNode('host-b', b)
  try {
    return await work(first.url, second.url)
  } finally {
    await Promise.all([first.end(), second.end()])
  }
} // prettier-ignore

/** The store goes away from the second gateway, then the device is revoked on the first one. */
async function storeAway(how: 'refused' | 'silent'): Promise<Ended[]> {
  const all: Ended[] = []
  for (let trial = 0; trial < 3; trial += 1) {
    const database = await server.database()
    const way = await cuttableWay(database)
    all.push(
      ...(await between({ database }, { database: way.url }, (a, b) =>
        revokeEach({ a, b, times: 10, everyMs: 100, before: () => way.cut(how) }),
      )),
    )
    way.close()
  }
  return all
}

const CASES: readonly Case[] = [
  {
    what: 'PostgreSQL, notified',
    stated: 'aim: p99 < 100 ms',
    async run() {
      const database = await server.database()
      return between({ database }, { database }, (a, b) => revokeInTurn({ a, b, times: count(400) }))
    },
  },
  {
    what: 'PostgreSQL, LISTEN cut',
    stated: 'pollMs, 1000 ms',
    async run() {
      const database = await server.database()
      const way = await cuttableWay(database)
      try {
        return await between({ database }, { database, listenAt: way.url }, (a, b) =>
          revokeEach({ a, b, times: count(100), everyMs: 130, before: () => way.cut('refused') }),
        )
      } finally {
        way.close()
      }
    },
  },
  {
    what: 'one SQLite file',
    stated: 'pollMs, 1000 ms',
    run() {
      const file = path.join(folder, 'latchkey.db')
      return between({ file }, { file }, (a, b) => revokeEach({ a, b, times: count(100), everyMs: 130 }))
    },
  },
  { what: 'PostgreSQL away, refused', stated: 'leaseMs, 15000 ms', run: () => storeAway('refused') },
  { what: 'PostgreSQL away, silent', stated: 'leaseMs, 15000 ms', run: () => storeAway('silent') },
]

const [asked] = process.argv.slice(2)
try {
  console.log('| between | revocations | p50 | p99 | longest | close codes | stated | load |')
  console.log('| ------- | ----------- | --- | --- | ------- | ----------- | ------ | ---- |')
  for (const { what, stated, run } of CASES) {
    if (asked !== undefined && !what.includes(asked)) continue
    const ended = await run()
    const times = ended.map(({ afterMs }) => afterMs).sort((a, b) => a - b)
    const at = (part: number): string => `${Math.round(times[Math.ceil(times.length * part) - 1] ?? NaN)} ms`
    const codes = [...new Set(ended.map(({ code }) => code))].join(', ')
    const load = loadavg()[0]?.toFixed(1)
    console.log(
      `| ${what} | ${times.length} | ${at(0.5)} | ${at(0.99)} | ${at(1)} | ${codes} | ${stated} | ${load} |`,
    )
  }
} finally {
  await server.stop()
  rmSync(folder, { recursive: true })
}
process.exit()
