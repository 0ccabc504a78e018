import { afterAll, afterEach, beforeAll, beforeEach, describe } from '@jest/globals'
import type { GatewayOptions, PairingEvent } from '../../lib/index.ts'
import { runGateway, type RunningGateway } from '../gateway/running-gateway.ts'
import { cuttable, DATABASES, type CuttableStore, type SharedDatabase } from './shared-database.ts'

/** Short, so that a test need not wait; the lease leaves room for a busy machine. */
export const LIMITS = { pollMs: 100, leaseMs: 3000, keepEventsMs: 60_000 }

export type Node = RunningGateway & { readonly store: CuttableStore; readonly told: PairingEvent[] }

export type TwoGateways = {
  readonly a: Node
  readonly b: Node
  readonly database: SharedDatabase
  start(options?: Partial<GatewayOptions>): Promise<Node>
}

/** Two gateways on one database, of two hosts unless a test starts more of its own. */
export function onTwoGateways(name: string, tests: (nodes: TwoGateways) => void): void {
  describe.each(DATABASES)(`${name}, on %s`, (_kind, openDatabase) => {
    let database: SharedDatabase
    let started: Node[] = []
    const start = async (options: Partial<GatewayOptions> = {}): Promise<Node> => {
      const store = cuttable(await database.open())
      const told: PairingEvent[] = []
      const onEvent = (event: PairingEvent): void => void told.push(event)
      const running = await runGateway({ store, limits: LIMITS, auditKey: false, onEvent, ...options })
      const node = { ...running, store, told }
      started.push(node)
      return node
    }
    const at = (index: number): Node => {
      const node = started[index]
      if (node === undefined) throw new Error('not started')
      return node
    }
    beforeAll(async () => void (database = await openDatabase()), 120_000)
    afterAll(() => database.remove(), 60_000)
    beforeEach(async () => {
      for (const host of ['host-a', 'host-b']) await start({ host })
    })
    afterEach(async () => {
      for (const node of started) node.store.cut(null)
      await Promise.all(started.map((node) => node.close()))
      started = []
    })
    tests({
      get a() {
        return at(0)
      },
      get b() {
        return at(1)
      },
      get database() {
        return database
      },
      start,
    })
  })
}
