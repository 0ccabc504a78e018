import { sql, type Kysely } from 'kysely'
import type { PairingTransaction } from '../pairing/pairing-store.ts'
import { requestOf, requestRow } from './request-row.ts'
import { deviceOf, deviceRow, grantOf, grantRow, tokenOf, tokenRow } from './rows.ts'
import type { StoreTables } from './schema.ts'
import { nodeStatements } from './node-statements.ts'
import { ownerStatements } from './owner-statements.ts'

// A literal, not a parameter: the planner uses a partial index only when it can read the value.
const PENDING = sql.lit('pending' as const)
const SILENT = sql.lit('silent' as const)
const OWNER = sql.lit('owner' as const)

/**
 * The operations of the port, as statements of one transaction.
 *
 * @param nowMs what time the database says it is; `null`: that is for the process to say
 */
export function sqlTransaction(trx: Kysely<StoreTables>, nowMs: number | null = null): PairingTransaction {
  const pending = () => trx.selectFrom('requests').where('state', '=', PENDING)
  const count = async (query: ReturnType<typeof pending>) => {
    const row = await query.select((eb) => eb.fn.countAll().as('total')).executeTakeFirstOrThrow()
    return Number(row.total)
  }

  return {
    ...ownerStatements(trx),
    ...nodeStatements(trx),

    nowMs: () => Promise.resolve(nowMs),

    async setting(key) {
      const row = await trx.selectFrom('settings').select('value').where('key', '=', key).executeTakeFirst()
      return row?.value ?? null
    },
    async putSetting(key, value) {
      const insert = trx.insertInto('settings').values({ key, value })
      await insert.onConflict((conflict) => conflict.column('key').doUpdateSet({ value })).execute()
    },

    async device(id) {
      const row = await trx.selectFrom('devices').selectAll().where('id', '=', id).executeTakeFirst()
      return row === undefined ? null : deviceOf(row)
    },
    async devices({ after, limit }) {
      const all = trx.selectFrom('devices').selectAll().orderBy('id').limit(limit)
      const rows = await (after === undefined ? all : all.where('id', '>', after)).execute()
      return rows.map(deviceOf)
    },
    async devicesBySeen({ after, limit }) {
      const seen = sql<number>`coalesce(last_seen_at_ms, created_at_ms)`
      const all = trx.selectFrom('devices').selectAll().orderBy(seen, 'desc').orderBy('id').limit(limit)
      if (after === undefined) return (await all.execute()).map(deviceOf)
      const { seenAtMs, id } = after
      const isBehind = sql<boolean>`(${seen} < ${seenAtMs} or (${seen} = ${seenAtMs} and id > ${id}))`
      return (await all.where(isBehind).execute()).map(deviceOf)
    },
    async putDevice(device) {
      const row = deviceRow(device)
      const insert = trx.insertInto('devices').values(row)
      await insert.onConflict((conflict) => conflict.column('id').doUpdateSet(row)).execute()
    },
    async deleteDevice(id) {
      // Grants and tokens go with it, by their foreign keys.
      await trx.deleteFrom('devices').where('id', '=', id).execute()
    },

    async grants(deviceId) {
      const all = trx.selectFrom('grants').selectAll().where('device_id', '=', deviceId)
      const inOrder = all.orderBy('role').orderBy('via').orderBy('granted_at_ms').orderBy('id')
      return (await inOrder.execute()).map(grantOf)
    },
    async silentGrantsSince(sinceMs) {
      const silent = trx.selectFrom('grants').selectAll().where('via', '=', SILENT)
      const since = silent.where('granted_at_ms', '>=', sinceMs).orderBy('granted_at_ms')
      return (await since.orderBy('device_id').orderBy('id').execute()).map(grantOf)
    },
    async hasOwnerGrants() {
      const owned = trx.selectFrom('grants').select('id').where('via', '=', OWNER).limit(1)
      return (await owned.executeTakeFirst()) !== undefined
    },
    async putGrant(grant) {
      const row = grantRow(grant)
      const insert = trx.insertInto('grants').values(row)
      await insert.onConflict((conflict) => conflict.column('id').doUpdateSet(row)).execute()
    },
    async deleteGrant(id) {
      await trx.deleteFrom('grants').where('id', '=', id).execute()
    },
    async deleteExpiredGrants(beforeMs) {
      await trx.deleteFrom('grants').where('expires_at_ms', '<', beforeMs).execute()
    },

    async tokens(deviceId) {
      const all = trx.selectFrom('tokens').selectAll().where('device_id', '=', deviceId)
      return (await all.orderBy('role').execute()).map(tokenOf)
    },
    async putToken(token) {
      const row = tokenRow(token)
      const insert = trx.insertInto('tokens').values(row)
      await insert
        .onConflict((conflict) => conflict.columns(['device_id', 'role']).doUpdateSet(row))
        .execute()
    },
    async deleteToken(deviceId, role) {
      await trx.deleteFrom('tokens').where('device_id', '=', deviceId).where('role', '=', role).execute()
    },

    async request(id) {
      const row = await trx.selectFrom('requests').selectAll().where('id', '=', id).executeTakeFirst()
      return row === undefined ? null : requestOf(row)
    },
    async pendingRequestOf(deviceId) {
      const row = await pending().selectAll().where('device_id', '=', deviceId).executeTakeFirst()
      return row === undefined ? null : requestOf(row)
    },
    async pendingRequests(limit, after) {
      const oldestFirst = pending().selectAll().orderBy('created_at_ms').orderBy('id').limit(limit)
      const page =
        after === undefined
          ? oldestFirst
          : oldestFirst.where(sql<boolean>`(created_at_ms, id) > (${after.createdAtMs}, ${after.id})`)
      return (await page.execute()).map(requestOf)
    },
    async putRequest(request) {
      const row = requestRow(request)
      const insert = trx.insertInto('requests').values(row)
      await insert.onConflict((conflict) => conflict.column('id').doUpdateSet(row)).execute()
    },
    countPending: () => count(pending()),
    countPendingFrom: (addressPrefix) => count(pending().where('address_prefix', '=', addressPrefix)),
    async countRequestsOf(deviceId, sinceMs) {
      const ofDevice = trx.selectFrom('requests').where('device_id', '=', deviceId)
      const since = ofDevice.where('created_at_ms', '>=', sinceMs)
      const row = await since.select((eb) => eb.fn.countAll().as('total')).executeTakeFirstOrThrow()
      return Number(row.total)
    },
    async expiredRequests(nowMs) {
      const expired = pending().selectAll().where('expires_at_ms', '<=', nowMs)
      return (await expired.orderBy('expires_at_ms').orderBy('id').execute()).map(requestOf)
    },
    async deleteSettledRequests(states, beforeMs) {
      // The first condition names the index.
      const settled = trx.deleteFrom('requests').where('state', '<>', PENDING).where('state', 'in', states)
      const deleted = await settled.where('created_at_ms', '<', beforeMs).executeTakeFirst()
      return Number(deleted.numDeletedRows)
    },
  }
}
