// What PostgreSQL costs against SQLite: commits, and reconnects of paired devices.
import type { PairingStore } from '../../lib/pairing/index.ts'
import { clientProcess } from '../gateway/client-process.ts'
import { approveAll, serveGateway } from '../gateway/servers.ts'
import { interleave, ownCpu, type Way } from '../interleave.ts'
import { resultOf, type Result } from '../result.ts'
import { places } from './places.ts'

const DEVICES = 1000
const KNOWN = 64

export async function benchBothStores({ rounds = 9, times = 100 } = {}): Promise<Result[]> {
  const [sqlite, postgres] = await Promise.all(places().map(([, open]) => open()))
  if (sqlite === undefined || postgres === undefined) return []
  const clients = clientProcess()
  const gateways = [
    await serveGateway(await sqlite.open(DEVICES)),
    await serveGateway(await postgres.open(DEVICES)),
  ] as const
  for (const { store, url } of gateways) {
    await clients.run({ kind: 'latchkey', url, times: KNOWN, width: 4, devices: KNOWN })
    await approveAll(store)
  }
  const wall = (): number => performance.now() * 1000
  const both = (make: (of: { store: PairingStore; url: string }) => Way): [Way, Way] => [make(gateways[0]), make(gateways[1])]
  const commits = both(({ store, url }) => ({
    name: url,
    run: async (count) => {
      for (let i = 0; i < count; i += 1) await store.transaction((tx) => tx.putSetting('bench', String(i)))
    },
  }))
  const reconnects = (width: number): [Way, Way] =>
    both(({ url }) => ({ name: url, run: (count) => clients.run({ kind: 'latchkey', url, times: count, width, devices: KNOWN }) }))
  const cases = [
    ['a commit, by the clock', commits, wall],
    ['reconnect, one after the other, by the clock', reconnects(1), wall],
    ['reconnect, eight at a time, by the clock', reconnects(8), wall],
    ['reconnect, CPU of the gateway', reconnects(8), ownCpu],
    ['reconnect, CPU of gateway and server', reconnects(8), postgres.cpu],
  ] as const
  try {
    const results: Result[] = []
    for (const [what, ways, clock] of cases) {
      const [base, ours] = await interleave(ways, { rounds, times, clock })
      results.push(resultOf({ group: 'Stores', what: `${what}, PostgreSQL`, against: 'SQLite' }, base, ours))
    }
    return results
  } finally {
    clients.end()
    await Promise.all(gateways.map((gateway) => gateway.close()))
    await Promise.all([sqlite.close(), postgres.close()])
  }
} // prettier-ignore
