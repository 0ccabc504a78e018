import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { LatchkeyError } from '../../lib/errors.ts'
import type { PairingStore } from '../../lib/pairing/index.ts'
import { sqliteStore } from '../../lib/store/index.ts'
import { postgresStore } from '../../lib/store/postgres/index.ts'
import { anyPostgres } from '../postgres-server.ts'

/** What several gateways share, each through a store of its own. */
export type SharedDatabase = { open(): Promise<PairingStore>; remove(): Promise<void> }

export const DATABASES: readonly [string, () => Promise<SharedDatabase>][] = [
  [
    'SQLite',
    () => {
      const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-nodes-'))
      return Promise.resolve({
        open: () => sqliteStore(path.join(folder, 'latchkey.db')),
        remove() {
          rmSync(folder, { recursive: true })
          return Promise.resolve()
        },
      })
    },
  ],
  [
    'PostgreSQL',
    async () => {
      const server = await anyPostgres()
      const connectionString = await server.database()
      return { open: () => postgresStore({ connectionString }), remove: () => server.stop() }
    },
  ],
]

/** A store whose way to the database a test can cut. */
export type CuttableStore = PairingStore & {
  /** `no-wake`: it is not told of anything any more. `unreachable`: and nothing can be asked. `hanging`: nor answered. */
  cut(how: 'no-wake' | 'unreachable' | 'hanging' | null): void
  /** The next transaction is committed, and its answer kept back until `release`. */
  holdNext(): { readonly committed: Promise<void>; release(): void }
}

export function cuttable(store: PairingStore): CuttableStore {
  let how: 'no-wake' | 'unreachable' | 'hanging' | null = null
  let held: { committed(): void; released: Promise<void> } | null = null
  const onWake = store.onWake?.bind(store)
  return {
    ...(store.isShared === undefined ? {} : { isShared: store.isShared }),
    ...(onWake === undefined
      ? {}
      : {
          onWake: (listener: () => void) =>
            onWake(() => {
              if (how === null) listener()
            }),
        }),
    async transaction(work, hint) {
      const hold = held
      held = null
      if (how === 'unreachable') throw new LatchkeyError('STORE_UNAVAILABLE', 'cut off')
      if (how === 'hanging') return new Promise(() => undefined)
      const result = await store.transaction(work, hint)
      hold?.committed()
      await hold?.released
      return result
    },
    close: () => store.close(),
    cut: (next) => void (how = next),
    holdNext() {
      let release: () => void = () => undefined
      let onCommitted: () => void = () => undefined
      const released = new Promise<void>((resolve) => (release = resolve))
      const committed = new Promise<void>((resolve) => (onCommitted = resolve))
      held = { committed: onCommitted, released }
      return { committed, release }
    },
  }
}
