import {
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
} from 'kysely'
import type { ClientBase } from 'pg'

const CHANGES = new Set(['INSERT', 'UPDATE', 'DELETE'])

/** Kysely's PostgreSQL on one connection, whose transactions begin and end elsewhere. */
export function connectionDialect(client: ClientBase): Dialect & { readonly connection: DatabaseConnection } {
  const connection = connectionOf(client)
  const driver: Driver = {
    init: () => Promise.resolve(),
    acquireConnection: () => Promise.resolve(connection),
    beginTransaction: notHere,
    commitTransaction: notHere,
    rollbackTransaction: notHere,
    releaseConnection: () => Promise.resolve(),
    destroy: () => Promise.resolve(),
  }
  return {
    connection,
    createDriver: () => driver,
    createAdapter: () => new PostgresAdapter(),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createIntrospector: (db) => new PostgresIntrospector(db),
  }
}

function notHere(): Promise<void> {
  return Promise.reject(new TypeError('a transaction on this connection is begun by its owner'))
}

function connectionOf(client: ClientBase): DatabaseConnection {
  return {
    async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
      const { command, rowCount, rows } = await client.query(sql, [...parameters])
      const isChange = CHANGES.has(command)
      return {
        rows: rows as R[],
        ...(isChange ? { numAffectedRows: BigInt(rowCount ?? 0) } : {}),
      }
    },
    streamQuery() {
      throw new TypeError('the store reads whole pages')
    },
  }
}
