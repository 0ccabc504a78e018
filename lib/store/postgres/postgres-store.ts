import type { PairingStore } from '../../pairing/pairing-store.ts'
import { loadPg } from './load-pg.ts'
import { listenClient, locationOf, openPool } from './open-pool.ts'
import { explainPostgresError } from './postgres-error.ts'
import { postgresLanes } from './postgres-lanes.ts'
import { readPostgresOptions, type PostgresStoreOptions } from './postgres-options.ts'
import { prepareSchema } from './prepare-schema.ts'
import { wakeChannel, wakeListener } from './wake-listener.ts'

/**
 * Opens the store in a PostgreSQL database (13 or newer, encoding UTF8), and makes its schema and tables when they
 * are not there. Gateways on several hosts may share it; it takes the package `pg`, which you install.
 *
 * What one process has committed holds for all at their next transaction. Transactions run one at a time, whoever
 * begins them; only reconnects of known devices run beside each other. The clock of the server decides on times.
 * A process that stalls in mid-transaction loses it after `idleInTransactionTimeoutMs`.
 *
 * It does NOT encrypt unless `ssl` or `sslmode` says so, does not protect against whoever may write into the
 * tables, and is as durable as the server: with `fsync = off` or an asynchronous standby that takes over, what
 * was acknowledged may be lost.
 *
 * Rejects with `OPTION_INVALID`, `OPTION_UNKNOWN`, `DEPENDENCY_MISSING`, `STORE_CORRUPT`, `STORE_NEWER` or
 * `STORE_UNAVAILABLE`. Transactions reject with `STORE_UNAVAILABLE` (`details.retryable` says whether to try
 * again; `details.outcome` is `unknown` when the connection was lost in the COMMIT), `STORE_CORRUPT`,
 * `STORE_NEWER` (another node has migrated) and `STORE_CLOSED`; `NOT_FOUND` is a grant or token without its
 * device, `INVALID_REQUEST` a second pending request, or a text with a NUL character.
 */
export async function postgresStore(options: PostgresStoreOptions): Promise<PairingStore> {
  const config = readPostgresOptions(options)
  const pg = await loadPg()
  const location = locationOf(config.connection, config.schema)
  const explainError = (error: unknown): Error => explainPostgresError(location, error)
  const pool = openPool(pg, config)
  try {
    const client = await pool.connect()
    try {
      await prepareSchema(client, location, config.lockTimeoutMs)
    } finally {
      client.release()
    }
  } catch (error) {
    await pool.end()
    throw explainError(error)
  }

  const channel = wakeChannel(config.schema)
  const transactions = postgresLanes(pool, { config, location, channel, explainError })
  const { listenConnection } = config
  const listener =
    listenConnection === null ? null : wakeListener(() => listenClient(pg, config, listenConnection), channel)
  let ending: Promise<unknown> | undefined
  return {
    isShared: true,
    transaction: transactions.run,
    ...(listener === null ? {} : { onWake: listener.subscribe }),
    async close() {
      await transactions.close()
      ending ??= Promise.all([listener?.close(), pool.end()])
      await ending
    },
  }
}
