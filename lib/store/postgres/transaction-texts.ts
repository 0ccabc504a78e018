import type { PostgresConfig } from './postgres-options.ts'

/** `"` around a name, whatever is in it. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** What time the server's clock says, in milliseconds. */
const RAW = 'floor(extract(epoch from clock_timestamp()) * 1000)::bigint'
/** How far the time that was seen may be ahead of the one that is kept. */
const KEPT_EVERY_MS = 5000

type Limits = Pick<
  PostgresConfig,
  'schema' | 'lockTimeoutMs' | 'statementTimeoutMs' | 'idleInTransactionTimeoutMs'
>

/**
 * Begins a transaction and hands over the version of the schema and the time, in one round trip. All of it is
 * local to the transaction, as a pooler in transaction mode needs it.
 *
 * The lock is one on a table, not on a row: those who wait for it are served in turn, it writes nothing, and only
 * who may change the table can take it. It also keeps out migrations, and so older releases after one.
 */
export function beginTexts(limits: Limits): { readonly alone: string; beside(deviceId: string): string } {
  const schema = quoteName(limits.schema)
  const opening = [
    'begin isolation level read committed read write',
    'set local search_path = pg_catalog',
    `set local lock_timeout = ${limits.lockTimeoutMs}`,
    `set local idle_in_transaction_session_timeout = ${limits.idleInTransactionTimeoutMs}`,
  ]
  const settings = [
    `set local statement_timeout = ${limits.statementTimeoutMs}`,
    // Where it is off, an acknowledged commit may be lost with the power.
    "select set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') = 'off'",
  ]
  const version = `(select count(*) from ${schema}.latchkey_schema) as versions,
    (select max(version) from ${schema}.latchkey_schema) as version`
  const time = `greatest(floor_ms, ${RAW} + ahead_ms) as now_ms`
  // Set back, the clock of the server goes on from where it was: what has ended must not begin again.
  const keepTime = `update ${schema}.latchkey_clock
    set ahead_ms = greatest(ahead_ms, floor_ms - raw), floor_ms = greatest(floor_ms, raw + ahead_ms)
    from (select ${RAW} as raw) as server
    where raw + ahead_ms < floor_ms or raw + ahead_ms > floor_ms + ${KEPT_EVERY_MS}`
  return {
    alone: [
      ...opening,
      `lock table ${schema}.latchkey_schema in share row exclusive mode`,
      ...settings,
      keepTime,
      `select ${version}, ${time} from ${schema}.latchkey_clock`,
    ].join(';\n'),
    beside: (deviceId) =>
      [
        ...opening,
        `lock table ${schema}.latchkey_schema in share mode`,
        ...settings,
        `select id from ${schema}.devices where id = '${deviceId}' for update`,
        `select ${version}, ${time}, ${RAW} + ahead_ms - floor_ms as drift_ms,
          (select count(*) from ${schema}.devices where id = '${deviceId}') as found
          from ${schema}.latchkey_clock`,
      ].join(';\n'),
  }
}
