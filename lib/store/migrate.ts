import type { Kysely } from 'kysely'
import { LatchkeyError } from '../errors.ts'
import { createPairingTables } from './migrations/index.ts'
import type { StoreTables } from './schema.ts'

/** In order; the first makes version 1. One that was published is never changed: add another. */
const MIGRATIONS: readonly ((db: Kysely<StoreTables>) => Promise<void>)[] = [createPairingTables]

/** The version that this release reads and writes. */
export const SCHEMA_VERSION = MIGRATIONS.length

/**
 * Brings the tables to {@link SCHEMA_VERSION}, all or nothing. Rejects with `STORE_NEWER` when they are
 * ahead of it.
 */
export async function migrate(db: Kysely<StoreTables>, storeName: string): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await trx.schema
      .createTable('latchkey_schema')
      .ifNotExists()
      .addColumn('version', 'integer', (column) => column.notNull())
      .execute()
    const found = await trx.selectFrom('latchkey_schema').select('version').executeTakeFirst()
    const version = found?.version ?? 0
    if (version > SCHEMA_VERSION) throw newerSchema(storeName, version)
    if (version === SCHEMA_VERSION) return
    await runMigrations(trx, version)
  })
}

/** Runs what comes after `version` (0: everything, in tables that are not there yet), and notes that it did. */
export async function runMigrations(trx: Kysely<StoreTables>, version: number): Promise<void> {
  for (const step of MIGRATIONS.slice(version)) await step(trx)
  if (version === 0) await trx.insertInto('latchkey_schema').values({ version: SCHEMA_VERSION }).execute()
  // The row stays the same one: whoever waits for it must find it.
  else await trx.updateTable('latchkey_schema').set({ version: SCHEMA_VERSION }).execute()
}

export function newerSchema(storeName: string, version: number): LatchkeyError {
  return new LatchkeyError(
    'STORE_NEWER',
    `${storeName} has schema version ${version}, but this Latchkey knows versions up to ${SCHEMA_VERSION}: ` +
      'it was written by a newer release. Install that release again, or restore a backup from before it. ' +
      'Nothing was changed.',
    { details: { store: storeName, found: version, supported: SCHEMA_VERSION } },
  )
}
