// All benchmarks in one table. `--json`; names of groups to run some: locality, express, gateway, memory, store,
// stores.
import { benchMiddleware } from './express/middleware.ts'
import { benchHandshakes } from './gateway/handshakes.ts'
import { benchMemory } from './gateway/memory.ts'
import { benchDecide } from './locality/decide.ts'
import type { Result } from './result.ts'
import { benchBigStore } from './store/big-store.ts'
import { benchBothStores } from './store/both-stores.ts'

const GROUPS: Readonly<Record<string, () => Promise<Result[]>>> = {
  locality: benchDecide,
  express: benchMiddleware,
  gateway: benchHandshakes,
  memory: benchMemory,
  store: () => benchBigStore({ many: Number(process.env.LATCHKEY_BENCH_DEVICES ?? 1_000_000) }),
  stores: benchBothStores,
}

const args = process.argv.slice(2)
const asJson = args.includes('--json')
const asked = args.filter((arg) => arg !== '--json')
const unknown = asked.find((name) => !(name in GROUPS))
if (unknown !== undefined) {
  console.error(`no group ${JSON.stringify(unknown)}; there are ${Object.keys(GROUPS).join(', ')}`)
  process.exit(2)
}

const results: Result[] = []
for (const [name, bench] of Object.entries(GROUPS))
  if (asked.length === 0 || asked.includes(name)) results.push(...(await bench()))
if (asJson) console.log(JSON.stringify(results, null, 2))
else {
  console.log('| what | against | ratio | rounds from-to | cost here | aim |')
  console.log('| ---- | ------- | ----- | -------------- | --------- | --- |')
  for (const { what, against, ratio, spread, cost, aim } of results) {
    const judged = aim === undefined ? '' : `${aim} ${ratio <= aim ? '(met)' : '(missed)'}`
    const range = spread.map((value) => value.toFixed(2)).join('-')
    console.log(`| ${what} | ${against} | ${ratio.toFixed(2)} | ${range} | ${cost} | ${judged} |`)
  }
}
process.exit()
