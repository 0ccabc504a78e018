// Stores as approvals leave them: devices, each with a grant and a token. By statements of their own, as it is a million.
import Database from 'better-sqlite3'
import pg from 'pg'
import { sqliteStore } from '../../lib/index.ts'
import { postgresStore } from '../../lib/store/postgres/index.ts'

const MONTH_MS = 2_592_000_000

/** How a dialect says the things that its rows are made of. */
type Dialect = {
  /** So many lower-case hex digits, other ones in each row. */
  readonly hex: (digits: number) => string
  /** A number from 0 up to this, another one in each row. */
  readonly upTo: (most: number) => string
}

/** Rows go in by the order of their keys, and the indexes are made afterwards, so that it takes a minute and not ten. */
function texts({ hex, upTo }: Dialect, from: string): string[] {
  const uuid = [hex(8), hex(4), hex(4), hex(4), hex(12)].join(" || '-' || ")
  const nowMs = Date.now()
  return [
    `insert into devices (id, public_key, display_name, platform, client_id, client_mode, created_at_ms, last_seen_at_ms)
      select id, ${hex(43)}, 'device ' || n, 'linux', 'bench', 'cli', ${nowMs - 2 * MONTH_MS} + n,
      ${nowMs - MONTH_MS} + ${upTo(MONTH_MS)} from ${from} order by id`,
    `insert into grants (id, device_id, role, via, scopes, approved_by, origin, from_address, locality_reason, granted_at_ms)
      select ${uuid}, id, 'operator', 'owner', '["operator.read"]', ${hex(64)}, ${uuid}, '192.0.2.7',
      'forwarding-untrusted', created_at_ms from devices order by id`,
    `insert into tokens (device_id, role, hash, superseded, is_rotation_due, issued_at_ms, last_used_at_ms)
      select id, 'operator', ${hex(64)}, '[]', 0, created_at_ms, last_seen_at_ms from devices order by id`,
  ]
}

export async function fillSqlite(file: string, devices: number): Promise<void> {
  await (await sqliteStore(file)).close()
  const database = new Database(file)
  const dialect: Dialect = {
    hex: (digits) => `substr(lower(hex(randomblob(${Math.ceil(digits / 2)}))), 1, ${digits})`,
    upTo: (most) => `abs(random() % ${most})`,
  }
  const numbers = `with recursive n(n) as (select 1 union all select n + 1 from n where n < ${devices})`
  const later = database
    .prepare<[], { name: string; sql: string }>(
      `select name, sql from sqlite_master where type = 'index' and sql is not null
        and tbl_name in ('devices', 'grants', 'tokens')`,
    )
    .all()
  for (const pragma of ['cache_size = -400000', 'temp_store = memory', 'foreign_keys = off'])
    database.pragma(pragma)
  database.exec(`
    create temp table made as ${numbers} select n, ${dialect.hex(64)} as id from n;
    begin;
    ${later.map(({ name }) => `drop index "${name}"`).join(';')};
    ${texts(dialect, 'made').join(';')};
    ${later.map(({ sql }) => sql).join(';')};
    commit;
    pragma wal_checkpoint(truncate)`)
  database.close()
}

export async function fillPostgres(connectionString: string, devices: number): Promise<void> {
  await (await postgresStore({ connectionString })).close()
  const client = new pg.Client({ connectionString })
  await client.connect()
  const digest = 'md5(random()::text || clock_timestamp()::text)'
  const dialect: Dialect = {
    hex: (digits) =>
      `left(${Array.from({ length: Math.ceil(digits / 32) }, () => digest).join(' || ')}, ${digits})`,
    upTo: (most) => `floor(random() * ${most})::bigint`,
  }
  const { rows: later } = await client.query<{ indexname: string; indexdef: string }>(
    `select indexname, indexdef from pg_indexes where schemaname = 'latchkey'
      and tablename in ('devices', 'grants', 'tokens') and indexname not like '%\\_pkey' and indexname <> 'tokens_key'`,
  )
  // As a superuser: the rows refer to each other as they are made.
  for (const setting of [
    "session_replication_role = 'replica'",
    "maintenance_work_mem = '256MB'",
    "work_mem = '256MB'",
  ])
    await client.query(`set ${setting}`)
  await client.query('set search_path = latchkey')
  await client.query(
    `create temp table made as select n, ${dialect.hex(64)} as id from generate_series(1, ${devices}) n`,
  )
  await client.query('begin')
  for (const { indexname } of later) await client.query(`drop index "${indexname}"`)
  for (const text of texts(dialect, 'made')) await client.query(text)
  for (const { indexdef } of later) await client.query(indexdef)
  await client.query('commit')
  // As autovacuum does after a while.
  for (const table of ['devices', 'grants', 'tokens']) await client.query(`vacuum (analyze) ${table}`)
  await client.query('checkpoint')
  await client.end()
}
