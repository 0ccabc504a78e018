import type { Client } from 'pg'
import { newerSchema, SCHEMA_VERSION } from '../migrate.ts'
import { loadPg } from './load-pg.ts'
import { listenClient, locationOf } from './open-pool.ts'
import { corruptPostgres, explainPostgresError } from './postgres-error.ts'
import { describeLocation } from './postgres-location.ts'
import { readPostgresOptions, type PostgresStoreOptions } from './postgres-options.ts'
import { quoteName } from './transaction-texts.ts'

const PAGE = 1000

/** The audit log in a database, for somebody who only looks. */
export type AuditDatabase = {
  /** The store, as messages name it. */
  readonly name: string
  gatewayId(): Promise<string | null>
  ends(): Promise<AuditEnds>
  /** What is read is the store at one moment. */
  read(begin: (stored: AuditEnds) => (page: readonly unknown[]) => void): Promise<void>
  close(): Promise<void>
}

export type AuditEnds = { readonly gatewayId: string | null; readonly head: string | null }

/**
 * Opens the log without a gateway, and beside those that serve; writes nothing.
 *
 * Rejects with `STORE_UNAVAILABLE`, `STORE_CORRUPT`, `STORE_NEWER`, and what {@link postgresStore} rejects with
 * for options.
 */
export async function openAuditDatabase(options: PostgresStoreOptions): Promise<AuditDatabase> {
  const config = readPostgresOptions(options)
  const location = locationOf(config.connection, config.schema)
  const client = listenClient(await loadPg(), config, config.connection)
  client.on('error', () => undefined)
  const explained = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw explainPostgresError(location, error)
    }
  }
  const schema = quoteName(config.schema)
  const end = (): Promise<void> => client.end().catch(() => undefined)
  try {
    await explained(async () => {
      await client.connect()
      const { rows } = await client.query<{ version: number }>(
        `select version from ${schema}.latchkey_schema`,
      )
      const version = rows[0]?.version
      if (version === undefined) throw corruptPostgres(location, 'latchkey_schema has no row')
      if (version > SCHEMA_VERSION) throw newerSchema(describeLocation(location), version)
    })
  } catch (error) {
    await end()
    throw error
  }
  return {
    name: describeLocation(location),
    gatewayId: () => explained(() => setting(client, schema, 'gateway-id')),
    ends: () => explained(() => endsOf(client, schema)),
    read: (begin) => explained(() => atOneMoment(client, schema, begin)),
    close: end,
  }
}

async function atOneMoment(
  client: Client,
  schema: string,
  begin: (stored: AuditEnds) => (page: readonly unknown[]) => void,
): Promise<void> {
  await client.query('begin isolation level repeatable read read only')
  try {
    const add = begin(await endsOf(client, schema))
    let after: number | null = null
    for (;;) {
      const { rows }: { rows: { seq: number }[] } = await client.query<{ seq: number }>(
        `select seq, at_ms as "atMs", kind, actor, device_id as "deviceId", details,
          previous_hash as "previousHash", hash from ${schema}.audit
          where $1::bigint is null or seq > $1 order by seq limit ${PAGE}`,
        [after],
      )
      if (rows.length === 0) return
      add(rows)
      after = rows.at(-1)?.seq ?? null
    }
  } finally {
    await client.query('rollback').catch(() => undefined)
  }
}

async function endsOf(client: Client, schema: string): Promise<AuditEnds> {
  return {
    gatewayId: await setting(client, schema, 'gateway-id'),
    head: await setting(client, schema, 'audit-head'),
  }
}

async function setting(client: Client, schema: string, key: string): Promise<string | null> {
  const { rows } = await client.query<{ value: string }>(
    `select value from ${schema}.settings where key = $1`,
    [key],
  )
  return rows[0]?.value ?? null
}
