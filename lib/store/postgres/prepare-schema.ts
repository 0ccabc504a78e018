import { createHash } from 'node:crypto'
import { Kysely } from 'kysely'
import type { ClientBase } from 'pg'
import { newerSchema, runMigrations, SCHEMA_VERSION } from '../migrate.ts'
import type { StoreTables } from '../schema.ts'
import { collatePlugin } from './collate-plugin.ts'
import { connectionDialect } from './connection-dialect.ts'
import { corruptPostgres, unavailablePostgres } from './postgres-error.ts'
import { describeLocation, type PostgresLocation } from './postgres-location.ts'
import { quoteName } from './transaction-texts.ts'

const OLDEST_SERVER = 13
const TABLES = [
  'latchkey_schema',
  'latchkey_clock',
  'settings',
  'devices',
  'grants',
  'tokens',
  'requests',
  'ignored_devices',
  'invites',
  'audit',
  'events',
  'nodes',
  'presence',
  'remembered',
]

/**
 * Brings the tables to the version of this release, all or nothing, and once however many processes start
 * together; makes the schema when it is missing. Rejects with `STORE_NEWER`, `STORE_CORRUPT`,
 * `STORE_UNAVAILABLE`, and then has changed nothing.
 */
export async function prepareSchema(
  client: ClientBase,
  location: PostgresLocation,
  lockTimeoutMs: number,
): Promise<void> {
  await checkServer(client, location)
  if ((await foundVersion(client, location)) === SCHEMA_VERSION) return
  await client.query(
    `begin isolation level read committed read write; set local lock_timeout = ${lockTimeoutMs}`,
  )
  try {
    // Held until the commit: the others wait here, and then find the tables.
    await client.query('select pg_advisory_xact_lock($1::bigint)', [lockKey(location.schema)])
    const version = await foundVersion(client, location)
    if (version < SCHEMA_VERSION) await bringUpToDate(client, location.schema, version)
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => undefined)
    throw error
  }
}

async function checkServer(client: ClientBase, location: PostgresLocation): Promise<void> {
  const { rows } = await client.query<{ version: number; encoding: string; standby: boolean }>(
    `select current_setting('server_version_num')::int as version,
      current_setting('server_encoding') as encoding, pg_is_in_recovery() as standby`,
  )
  const [server] = rows
  if (server === undefined) throw unavailablePostgres(location, 'the server says nothing of itself', true)
  if (server.version < OLDEST_SERVER * 10_000) {
    const found = `the server is PostgreSQL ${Math.floor(server.version / 10_000)}; expected ${OLDEST_SERVER} or newer`
    throw unavailablePostgres(location, found, false)
  }
  if (server.encoding !== 'UTF8')
    throw unavailablePostgres(
      location,
      `the database is in ${server.encoding}; make one with encoding 'UTF8'`,
      false,
    )
  if (server.standby)
    throw unavailablePostgres(location, 'the server is a read-only standby; name the primary', true)
}

/** 0: there is nothing of ours yet. */
async function foundVersion(client: ClientBase, location: PostgresLocation): Promise<number> {
  const found = await client.query<{ name: string }>(
    `select c.relname as name from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and c.relkind in ('r', 'p')`,
    [location.schema],
  )
  const names = new Set(found.rows.map(({ name }) => name))
  const missing = TABLES.filter((name) => !names.has(name))
  if (missing.length === TABLES.length) return 0
  if (missing.includes('latchkey_schema'))
    throw corruptPostgres(location, 'the table latchkey_schema is missing beside others of ours')
  const { rows } = await client.query<{ version: number }>(
    `select version from ${quoteName(location.schema)}.latchkey_schema`,
  )
  const [first] = rows
  if (first === undefined || rows.length > 1)
    throw corruptPostgres(location, `latchkey_schema has ${rows.length} rows where one belongs`)
  if (first.version > SCHEMA_VERSION) throw newerSchema(describeLocation(location), first.version)
  if (first.version === SCHEMA_VERSION && missing.length > 0)
    throw corruptPostgres(location, `tables are missing: ${missing.join(', ')}`)
  return first.version
}

async function bringUpToDate(client: ClientBase, schema: string, version: number): Promise<void> {
  const quoted = quoteName(schema)
  const { rows } = await client.query('select 1 from pg_catalog.pg_namespace where nspname = $1', [schema])
  // "if not exists" would ask for the right to make schemas even where it is there.
  if (rows.length === 0) await client.query(`create schema ${quoted}`)
  if (version === 0) {
    await client.query(`create table ${quoted}.latchkey_schema (version integer not null);
      create table ${quoted}.latchkey_clock (floor_ms bigint not null, ahead_ms bigint not null);
      insert into ${quoted}.latchkey_clock values (0, 0)`)
  }
  // Waits for the transactions of nodes that serve; they find the new version after this.
  await client.query(`lock table ${quoted}.latchkey_schema in access exclusive mode`)
  const db = new Kysely<StoreTables>({ dialect: connectionDialect(client), plugins: [collatePlugin] })
  await runMigrations(db.withSchema(schema), version)
}

function lockKey(schema: string): string {
  return createHash('sha256').update(`latchkey migration of ${schema}`).digest().readBigInt64BE().toString()
}
