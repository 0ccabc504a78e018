import { Option, type Command } from 'commander'
import path from 'node:path'
import { LatchkeyError } from '../errors.ts'
import type { PairingStore } from '../gateway/index.ts'
import type { PostgresStoreOptions } from '../store/postgres/index.ts'

/** `--store`. The environment has it too, since everybody on a machine can read the arguments of a process. */
export function storeOption(): Option {
  // No default: the help would show the password in it.
  return new Option('--store <url>', 'a PostgreSQL store, postgres://…, in place of --state-dir').env(
    'LATCHKEY_STORE_URL',
  )
}

/** The options, without a store of the environment where the command line says a folder. */
export function withChosenStore<T extends { readonly store?: unknown }>(command: Command, options: T): T {
  const isSaid = (name: string): boolean => command.getOptionValueSource(name) === 'cli'
  if (!isSaid('stateDir')) return options
  if (isSaid('store'))
    throw new LatchkeyError(
      'OPTION_INVALID',
      'say either --state-dir (SQLite) or --store (PostgreSQL), not both',
    )
  return { ...options, store: undefined }
}

export type OpenedStore = { readonly store: PairingStore; readonly place: string }

/** Opens the store of `latchkey serve`: the file in `stateDir`, unless `store` names a database. */
export async function openStore(
  store: string | PostgresStoreOptions | undefined,
  stateDir: string,
): Promise<OpenedStore> {
  if (store === undefined) {
    const { sqliteStore } = await import('../store/index.ts')
    return { store: await sqliteStore(path.join(stateDir, 'latchkey.db')), place: stateDir }
  }
  const { postgresStore } = await import('../store/postgres/index.ts')
  return { store: await postgresStore(postgresOptions(store)), place: 'PostgreSQL' }
}

/** @throws {LatchkeyError} OPTION_INVALID for what does not look like a PostgreSQL store */
export function postgresOptions(store: string | PostgresStoreOptions): PostgresStoreOptions {
  if (typeof store !== 'string') return store
  if (/^postgres(?:ql)?:\/\//.test(store)) return { connectionString: store }
  throw new LatchkeyError(
    'OPTION_INVALID',
    'the store must be a URL such as postgres://user@host/database (--store or LATCHKEY_STORE_URL); for the ' +
      'folder of a SQLite store say --state-dir',
  )
}

/** What `latchkey backup` and `restore` answer where the store is a database. */
export function refuseDatabase(store: string | undefined, command: 'backup' | 'restore'): void {
  if (store === undefined) return
  const how =
    command === 'backup'
      ? 'pg_dump --format=custom --schema=latchkey --file=latchkey.dump "$LATCHKEY_STORE_URL"'
      : 'drop the schema, then pg_restore --exit-on-error --single-transaction --dbname="$LATCHKEY_STORE_URL" latchkey.dump'
  throw new LatchkeyError(
    'OPTION_INVALID',
    `latchkey ${command} is for a SQLite store, and this one is in PostgreSQL, which has its own: ${how} ` +
      '(docs/stores.md)',
  )
}
