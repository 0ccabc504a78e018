// Reconnects, look-ups, lists and pairings with many devices in the store, against few.
import { randomBytes } from 'node:crypto'
import type { PairingStore, PairingTransaction } from '../../lib/pairing/index.ts'
import { clientProcess, type ClientProcess } from '../gateway/client-process.ts'
import { approveAll, serveGateway, type ServedGateway } from '../gateway/servers.ts'
import { interleave, type Way } from '../interleave.ts'
import { resultOf, type Result } from '../result.ts'
import { places, type Place } from './places.ts'

const FEW = 1000
const WIDTH = 4
/** Of the clients that come back: their rows are all over the tables. */
const KNOWN = 400

type Case = { readonly what: string; readonly times: number; readonly way: (of: ServedGateway) => Way }

export async function benchBigStore({ many = 1_000_000, rounds = 9, times = 100 } = {}): Promise<Result[]> {
  const results: Result[] = []
  for (const [kind, open] of places()) {
    const place = await open()
    const clients = clientProcess()
    try {
      results.push(...(await measure({ kind, place, clients, many, rounds, times })))
    } finally {
      clients.end()
      await place.close()
    }
  }
  return results
}

async function measure({ kind, place, clients, many, rounds, times }: { kind: string; place: Place; clients: ClientProcess; many: number; rounds: number; times: number }): Promise<Result[]> {
  const open = async (devices: number): Promise<ServedGateway> => {
    const gateway = await serveGateway(await place.open(devices))
    const order = { kind: 'latchkey', url: gateway.url, width: WIDTH, devices: KNOWN } as const
    await clients.run({ ...order, times: KNOWN })
    await approveAll(gateway.store)
    return gateway
  }
  const connect = (what: string, count: number, order: { devices?: number; fresh?: boolean }): Case => ({
    what,
    times: count,
    way: ({ url }) => ({ name: url, run: (n) => clients.run({ kind: 'latchkey', url, times: n, width: WIDTH, ...order }) }),
  })
  const cases = [
    connect('reconnect', times, { devices: KNOWN }),
    connect('silent pairing of a new device', times / 2, { fresh: true }),
    looks('a device with its grants and token', times * 10, async (tx) => {
      const [device] = await tx.devices({ after: randomBytes(32).toString('hex'), limit: 1 })
      await tx.grants(device?.id ?? '')
      await tx.tokens(device?.id ?? '')
    }),
    looks('a page of 50 devices, by key', times * 3, (tx) => tx.devices({ after: randomBytes(32).toString('hex'), limit: 50 })),
    // The one that the console and the command line ask for first.
    looks('the 50 devices seen last', times * 3, (tx) => tx.devicesBySeen({ limit: 50 })),
    looks('50 devices, from any moment on by when they were seen', times * 3, async (tx) => {
      const seenAtMs = Date.now() - Math.floor(Math.random() * 2_500_000_000)
      await tx.devicesBySeen({ after: { seenAtMs, id: 'f' }, limit: 50 })
    }),
  ]
  const [few, lots] = [await open(FEW), await open(many)]
  try {
    const results: Result[] = []
    for (const { what, times: count, way } of cases) {
      const [base, ours] = await interleave([way(few), way(lots)], { rounds, times: count, clock: place.cpu })
      const line = { group: kind, what: `${what}, ${many} in ${kind}`, against: `the same with ${FEW}`, aim: 1.5 }
      results.push(resultOf(line, base, ours))
    }
    return results
  } finally {
    await Promise.all([few.close(), lots.close()])
  }
} // prettier-ignore

function looks(what: string, times: number, look: (tx: PairingTransaction) => Promise<unknown>): Case {
  const way = ({ store, url }: { store: PairingStore; url: string }): Way => ({
    name: url,
    run: async (count) => {
      for (let i = 0; i < count; i += 1) await store.transaction((tx) => look(tx))
    },
  })
  return { what, times, way }
}
