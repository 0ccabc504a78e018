import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { sqliteStore } from '../../lib/index.ts'
import type { PairingStore } from '../../lib/pairing/index.ts'
import { postgresStore } from '../../lib/store/postgres/index.ts'
import { postgresPrograms, startPostgres } from '../../test/postgres-server.ts'
import { ownCpu } from '../interleave.ts'
import { fillPostgres, fillSqlite } from './fill-store.ts'
import { postgresCpu } from './postgres-cpu.ts'

/** Where stores of one kind are made. */
export type Place = {
  /** A new store with so many devices. */
  open(devices: number): Promise<PairingStore>
  /** Microseconds of CPU time of this process, and of the database's server where there is one. */
  readonly cpu: () => number
  close(): Promise<void>
}

function sqlitePlace(): Promise<Place> {
  const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-bench-'))
  return Promise.resolve({
    async open(devices) {
      const file = path.join(folder, `${devices}.db`)
      await timed(`SQLite, ${devices} devices: filled`, () => fillSqlite(file, devices))
      return timed(`SQLite, ${devices} devices: checked and opened`, () => sqliteStore(file))
    },
    cpu: ownCpu,
    close() {
      rmSync(folder, { recursive: true })
      return Promise.resolve()
    },
  })
}

/** A server of our own that commits to the disk, as servers do. */
async function postgresPlace(): Promise<Place> {
  const server = await startPostgres({ max_wal_size: '4GB' })
  const serverCpu = postgresCpu(path.join(server.folder, 'data'))
  return {
    async open(devices) {
      const connectionString = await server.database()
      await timed(`PostgreSQL, ${devices} devices: filled`, () => fillPostgres(connectionString, devices))
      return timed(`PostgreSQL, ${devices} devices: opened`, () => postgresStore({ connectionString }))
    },
    cpu: () => ownCpu() + serverCpu(),
    close: () => server.stop(),
  }
}

/** Each kind of store that this machine has; `LATCHKEY_BENCH_STORE` names one of them. */
export function places(): readonly (readonly [string, () => Promise<Place>])[] {
  const asked = process.env.LATCHKEY_BENCH_STORE
  return available().filter(([kind]) => asked === undefined || kind === asked)
}

function available(): readonly (readonly [string, () => Promise<Place>])[] {
  const sqlite = ['SQLite', sqlitePlace] as const
  if (postgresPrograms() !== null) return [sqlite, ['PostgreSQL', postgresPlace]]
  console.error('PostgreSQL is not measured: it is not installed')
  return [sqlite]
}

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const begin = performance.now()
  const result = await work()
  console.error(`${what} in ${((performance.now() - begin) / 1000).toFixed(1)} s`)
  return result
}
