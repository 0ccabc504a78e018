import { Kysely } from 'kysely'
import type { ClientBase, Pool, QueryResult } from 'pg'
import type { PairingTransaction } from '../../pairing/pairing-store.ts'
import { newerSchema, SCHEMA_VERSION } from '../migrate.ts'
import type { StoreTables } from '../schema.ts'
import { sqlTransaction } from '../sql-transaction.ts'
import { connectionDialect } from './connection-dialect.ts'
import { corruptPostgres, isStatementError, unavailablePostgres, unknownOutcome } from './postgres-error.ts'
import { describeLocation, type PostgresLocation } from './postgres-location.ts'

export type Begun = {
  /** On its connection. */
  readonly operations: PairingTransaction
  readonly nowMs: number
  /** Statements that go out together with COMMIT. */
  readonly atCommit: string[]
  /** What the begin handed over, beside. */
  readonly row: Readonly<Record<string, number>>
}

/** Runs transactions on the connections of a pool. */
export function transactionRunner(pool: Pool, location: PostgresLocation) {
  const known = new WeakMap<ClientBase, PairingTransaction>()

  function operationsOn(client: ClientBase): PairingTransaction {
    const before = known.get(client)
    if (before !== undefined) return before
    const dialect = connectionDialect(client)
    const db = new Kysely<StoreTables>({ dialect }).withSchema(location.schema)
    const operations = sqlTransaction(db, dialect.connection)
    known.set(client, operations)
    return operations
  }

  return async <T>(beginText: string, work: (begun: Begun) => Promise<T>): Promise<T> => {
    const client = await pool.connect()
    let isSound = true
    // Without a listener, a connection that ends in mid-transaction ends the process.
    const noteLoss = (): void => void (isSound = false)
    client.on('error', noteLoss)
    try {
      const row = await begin(client, beginText)
      checkVersion(location, row)
      const operations = operationsOn(client)
      const begun: Begun = { operations, nowMs: row.now_ms ?? 0, atCommit: [], row }
      const result = await work(begun)
      await commit(client, begun.atCommit)
      return result
    } catch (error) {
      isSound &&= await rollBack(client)
      throw error
    } finally {
      client.off('error', noteLoss)
      client.release(!isSound)
    }
  }

  async function commit(client: ClientBase, before: readonly string[]): Promise<void> {
    let command: string | undefined
    try {
      command = lastOf(await client.query([...before, 'commit'].join(';\n'))).command
    } catch (error) {
      throw isStatementError(error) ? error : unknownOutcome(location, error)
    }
    if (command !== 'COMMIT')
      throw unavailablePostgres(location, 'the server rolled the transaction back at its COMMIT', true)
  }
}

async function begin(client: ClientBase, text: string): Promise<Readonly<Record<string, number>>> {
  const { rows } = lastOf(await client.query(text))
  return (rows[0] ?? {}) as Readonly<Record<string, number>>
}

/** Several statements in one text have several results. */
function lastOf(results: QueryResult | QueryResult[]): QueryResult {
  return Array.isArray(results) ? (results.at(-1) as QueryResult) : results
}

/** False when the connection is of no more use. */
async function rollBack(client: ClientBase): Promise<boolean> {
  try {
    await client.query('rollback')
    return true
  } catch {
    // The error that led here matters more, and the server rolls back when the connection ends.
    return false
  }
}

/** The version may have changed under a process that serves, when a newer one migrated. */
function checkVersion(location: PostgresLocation, row: Readonly<Record<string, number>>): void {
  const { versions, version, now_ms: nowMs } = row
  if (nowMs === undefined) throw corruptPostgres(location, 'the row of latchkey_clock is missing')
  if (versions !== 1 || version === undefined)
    throw corruptPostgres(location, `latchkey_schema has ${versions ?? 0} rows where one belongs`)
  if (version > SCHEMA_VERSION) throw newerSchema(describeLocation(location), version)
  if (version < SCHEMA_VERSION)
    throw unavailablePostgres(location, `its schema went back to version ${version}: start anew`, false)
}
