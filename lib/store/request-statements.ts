import { sql, type Insertable, type Kysely } from 'kysely'
import type { PairingTransaction } from '../pairing/pairing-store.ts'
import { requestOf, requestRow } from './request-row.ts'
import type { RequestTable, StoreTables } from './schema.ts'
import { statementsOn, type StatementConnection } from './statements.ts'

export type RequestOperations = Pick<
  PairingTransaction,
  | 'request'
  | 'pendingRequestOf'
  | 'pendingRequests'
  | 'putRequest'
  | 'countPending'
  | 'countPendingFrom'
  | 'countRequestsOf'
  | 'expiredRequests'
  | 'deleteSettledRequests'
>

// A literal, not a parameter: the planner uses a partial index only when it can read the value.
const PENDING = sql.lit('pending' as const)

type Id = { readonly id: string }
type OfDevice = { readonly deviceId: string }
type Limit = { readonly limit: number }

/** Pairing requests. */
export function requestStatements(
  db: Kysely<StoreTables>,
  connection: StatementConnection,
): RequestOperations {
  const { all, first, change, countOnce } = statementsOn(connection)
  const pending = () => db.selectFrom('requests').where('state', '=', PENDING)
  const oldestFirst = () => pending().selectAll().orderBy('created_at_ms').orderBy('id')

  const request = first(({ id }: Id) => db.selectFrom('requests').selectAll().where('id', '=', id))
  const pendingOf = first(({ deviceId }: OfDevice) => pending().selectAll().where('device_id', '=', deviceId))
  const firstPage = all(({ limit }: Limit) => oldestFirst().limit(limit))
  const nextPage = all(({ createdAtMs, id, limit }: Limit & Id & { createdAtMs: number }) =>
    oldestFirst()
      .limit(limit)
      .where(sql<boolean>`(created_at_ms, id) > (${createdAtMs}, ${id})`),
  )
  const putRequest = change((row: Insertable<RequestTable>) =>
    db
      .insertInto('requests')
      .values(row)
      .onConflict((conflict) => conflict.column('id').doUpdateSet(row)),
  )
  const allPending = first(() => pending().select((eb) => eb.fn.countAll().as('total')))
  const pendingFrom = first(({ prefix }: { prefix: string }) =>
    pending()
      .where('address_prefix', '=', prefix)
      .select((eb) => eb.fn.countAll().as('total')),
  )
  const countOf = first(({ deviceId, sinceMs }: OfDevice & { sinceMs: number }) =>
    db
      .selectFrom('requests')
      .where('device_id', '=', deviceId)
      .where('created_at_ms', '>=', sinceMs)
      .select((eb) => eb.fn.countAll().as('total')),
  )
  const expired = all(({ nowMs }: { nowMs: number }) =>
    pending().selectAll().where('expires_at_ms', '<=', nowMs).orderBy('expires_at_ms').orderBy('id'),
  )

  return {
    async request(id) {
      const row = await request({ id })
      return row === undefined ? null : requestOf(row)
    },
    async pendingRequestOf(deviceId) {
      const row = await pendingOf({ deviceId })
      return row === undefined ? null : requestOf(row)
    },
    async pendingRequests(limit, after) {
      const rows = await (after === undefined
        ? firstPage({ limit })
        : nextPage({ createdAtMs: after.createdAtMs, id: after.id, limit }))
      return rows.map(requestOf)
    },
    putRequest: (given) => putRequest(requestRow(given)),
    countPending: async () => totalOf(await allPending({})),
    countPendingFrom: async (prefix) => totalOf(await pendingFrom({ prefix })),
    countRequestsOf: async (deviceId, sinceMs) => totalOf(await countOf({ deviceId, sinceMs })),
    expiredRequests: async (nowMs) => (await expired({ nowMs })).map(requestOf),
    deleteSettledRequests: (states, beforeMs) =>
      // The first condition names the index.
      countOnce(
        db
          .deleteFrom('requests')
          .where('state', '<>', PENDING)
          .where('state', 'in', states)
          .where('created_at_ms', '<', beforeMs),
      ),
  }
}

function totalOf(row: { readonly total: number | string | bigint } | undefined): number {
  if (row === undefined) throw new TypeError('a count has one row')
  return Number(row.total)
}
