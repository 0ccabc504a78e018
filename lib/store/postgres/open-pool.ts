import { userInfo } from 'node:os'
import type { Client, ClientConfig, Pool } from 'pg'
import type { ConnectionParts } from './connection-url.ts'
import type { Pg } from './load-pg.ts'
import type { PostgresConfig } from './postgres-options.ts'
import type { PostgresLocation } from './postgres-location.ts'

const INT8 = 20
const IDLE_MS = 60_000

/** A pool that opens connections when they are needed, and waits for one no longer than for a new one. */
export function openPool(pg: Pg, config: PostgresConfig): Pool {
  const pool = new pg.Pool({
    ...clientConfig(pg, config, config.connection),
    max: config.poolSize,
    idleTimeoutMillis: IDLE_MS,
    // A pool that nobody closed does not keep the process.
    allowExitOnIdle: true,
  })
  // An idle connection was lost; the next transaction opens another.
  pool.on('error', () => undefined)
  return pool
}

export function listenClient(pg: Pg, config: PostgresConfig, connection: ConnectionParts): Client {
  return new pg.Client(clientConfig(pg, config, connection))
}

function clientConfig(pg: Pg, config: PostgresConfig, parts: ConnectionParts): ClientConfig {
  return {
    ...parts,
    application_name: config.applicationName,
    connectionTimeoutMillis: config.connectTimeoutMs,
    // For a server that has gone without a word; what it can end itself it ends before.
    query_timeout: config.lockTimeoutMs + config.statementTimeoutMs + config.connectTimeoutMs,
    keepAlive: true,
    // Every bigint of the store is a count or a time, which a number holds. Only here: the app has its own pools.
    types: { getTypeParser: parserOf(pg) },
  }
}

function parserOf(pg: Pg): Pg['types']['getTypeParser'] {
  const { getTypeParser } = pg.types as { getTypeParser: (oid: number, format?: string) => unknown }
  const parserFor = (oid: number, format?: string): unknown =>
    oid === INT8 ? Number : getTypeParser(oid, format)
  return parserFor as Pg['types']['getTypeParser']
}

/** Where the driver will look, with what it takes from the environment. */
export function locationOf(parts: ConnectionParts, schema: string): PostgresLocation {
  const { PGHOST, PGPORT, PGUSER, PGDATABASE } = process.env
  const user = parts.user ?? PGUSER ?? userInfo().username
  return {
    host: parts.host ?? PGHOST ?? 'localhost',
    port: parts.port ?? Number(PGPORT ?? 5432),
    database: parts.database ?? PGDATABASE ?? user,
    user,
    schema,
  }
}
