import type { Kysely } from 'kysely'
import type { PairingTransaction } from '../pairing/pairing-store.ts'
import { auditEntryOf, auditRow, eventOf, ignoredOf, ignoredRow, inviteOf, inviteRow } from './owner-rows.ts'
import type { StoreTables } from './schema.ts'

export type OwnerOperations = Pick<
  PairingTransaction,
  | 'ignored'
  | 'ignoredDevices'
  | 'putIgnored'
  | 'deleteIgnored'
  | 'invite'
  | 'inviteByToken'
  | 'invites'
  | 'putInvite'
  | 'deleteInvite'
  | 'lastAuditEntry'
  | 'auditEntries'
  | 'addAuditEntry'
  | 'events'
  | 'lastEventSeq'
  | 'addEvent'
  | 'deleteEvents'
>

/** What the owner keeps, makes and reads: ignored keys, invitations, the audit log; and the events to be told. */
export function ownerStatements(trx: Kysely<StoreTables>): OwnerOperations {
  return {
    async ignored(deviceId) {
      const all = trx.selectFrom('ignored_devices').selectAll()
      const row = await all.where('device_id', '=', deviceId).executeTakeFirst()
      return row === undefined ? null : ignoredOf(row)
    },
    async ignoredDevices() {
      return (await trx.selectFrom('ignored_devices').selectAll().orderBy('device_id').execute()).map(
        ignoredOf,
      )
    },
    async putIgnored(ignored) {
      const row = ignoredRow(ignored)
      const insert = trx.insertInto('ignored_devices').values(row)
      await insert.onConflict((conflict) => conflict.column('device_id').doUpdateSet(row)).execute()
    },
    async deleteIgnored(deviceId) {
      await trx.deleteFrom('ignored_devices').where('device_id', '=', deviceId).execute()
    },

    async invite(id) {
      const row = await trx.selectFrom('invites').selectAll().where('id', '=', id).executeTakeFirst()
      return row === undefined ? null : inviteOf(row)
    },
    async inviteByToken(tokenHash) {
      const all = trx.selectFrom('invites').selectAll()
      const row = await all.where('token_hash', '=', tokenHash).executeTakeFirst()
      return row === undefined ? null : inviteOf(row)
    },
    async invites() {
      const oldestFirst = trx.selectFrom('invites').selectAll().orderBy('created_at_ms').orderBy('id')
      return (await oldestFirst.execute()).map(inviteOf)
    },
    async putInvite(invite) {
      const row = inviteRow(invite)
      const insert = trx.insertInto('invites').values(row)
      await insert.onConflict((conflict) => conflict.column('id').doUpdateSet(row)).execute()
    },
    async deleteInvite(id) {
      await trx.deleteFrom('invites').where('id', '=', id).execute()
    },

    async lastAuditEntry() {
      const row = await trx.selectFrom('audit').selectAll().orderBy('seq', 'desc').limit(1).executeTakeFirst()
      return row === undefined ? null : auditEntryOf(row)
    },
    async auditEntries({ after, limit }) {
      const later = trx.selectFrom('audit').selectAll().where('seq', '>', after)
      return (await later.orderBy('seq').limit(limit).execute()).map(auditEntryOf)
    },
    async addAuditEntry(entry) {
      await trx.insertInto('audit').values(auditRow(entry)).execute()
    },

    async events({ after, limit }) {
      const later = trx.selectFrom('events').selectAll().where('seq', '>', after)
      return (await later.orderBy('seq').limit(limit).execute()).map(eventOf)
    },
    lastEventSeq: () => lastEvent(trx),
    async addEvent({ atMs, node, payload }) {
      const seq = (await lastEvent(trx)) + 1
      await trx.insertInto('events').values({ seq, at_ms: atMs, node, payload }).execute()
      return seq
    },
    async deleteEvents({ upTo, beforeMs }) {
      const last = await lastEvent(trx)
      const old = trx.selectFrom('events').select('seq').where('at_ms', '<', beforeMs)
      const newest = await old.orderBy('at_ms', 'desc').orderBy('seq', 'desc').limit(1).executeTakeFirst()
      const end = Math.min(upTo, Number(newest?.seq ?? 0), last - 1)
      const deleted = await trx.deleteFrom('events').where('seq', '<=', end).executeTakeFirst()
      return deleted.numDeletedRows > 0n ? end : 0
    },
  }
}

async function lastEvent(trx: Kysely<StoreTables>): Promise<number> {
  const newest = trx.selectFrom('events').select('seq').orderBy('seq', 'desc').limit(1)
  return Number((await newest.executeTakeFirst())?.seq ?? 0)
}
