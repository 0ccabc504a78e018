import type { Insertable, Kysely } from 'kysely'
import type { PairingTransaction } from '../pairing/pairing-store.ts'
import { auditEntryOf, auditRow, eventOf, ignoredOf, ignoredRow, inviteOf, inviteRow } from './owner-rows.ts'
import type { AuditTable, EventTable, IgnoredTable, InviteTable, StoreTables } from './schema.ts'
import { statementsOn, type StatementConnection } from './statements.ts'

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

type Page = { readonly after: number; readonly limit: number }

/** What the owner keeps, makes and reads: ignored keys, invitations, the audit log; and the events to be told. */
export function ownerStatements(db: Kysely<StoreTables>, connection: StatementConnection): OwnerOperations {
  return {
    ...ignoredStatements(db, connection),
    ...inviteStatements(db, connection),
    ...auditStatements(db, connection),
    ...eventStatements(db, connection),
  }
}

function ignoredStatements(db: Kysely<StoreTables>, connection: StatementConnection) {
  const { all, first, change } = statementsOn(connection)
  const every = () => db.selectFrom('ignored_devices').selectAll()
  const ignored = first(({ deviceId }: { deviceId: string }) => every().where('device_id', '=', deviceId))
  const ignoredDevices = all(() => every().orderBy('device_id'))
  const putIgnored = change((row: Insertable<IgnoredTable>) =>
    db
      .insertInto('ignored_devices')
      .values(row)
      .onConflict((conflict) => conflict.column('device_id').doUpdateSet(row)),
  )
  const deleteIgnored = change(({ deviceId }: { deviceId: string }) =>
    db.deleteFrom('ignored_devices').where('device_id', '=', deviceId),
  )
  return {
    async ignored(deviceId) {
      const row = await ignored({ deviceId })
      return row === undefined ? null : ignoredOf(row)
    },
    ignoredDevices: async () => (await ignoredDevices({})).map(ignoredOf),
    putIgnored: (given) => putIgnored(ignoredRow(given)),
    deleteIgnored: (deviceId) => deleteIgnored({ deviceId }),
  } satisfies Partial<OwnerOperations>
}

function inviteStatements(db: Kysely<StoreTables>, connection: StatementConnection) {
  const { all, first, change } = statementsOn(connection)
  const every = () => db.selectFrom('invites').selectAll()
  const invite = first(({ id }: { id: string }) => every().where('id', '=', id))
  const byToken = first(({ hash }: { hash: string }) => every().where('token_hash', '=', hash))
  const invites = all(() => every().orderBy('created_at_ms').orderBy('id'))
  const putInvite = change((row: Insertable<InviteTable>) =>
    db
      .insertInto('invites')
      .values(row)
      .onConflict((conflict) => conflict.column('id').doUpdateSet(row)),
  )
  const deleteInvite = change(({ id }: { id: string }) => db.deleteFrom('invites').where('id', '=', id))
  return {
    async invite(id) {
      const row = await invite({ id })
      return row === undefined ? null : inviteOf(row)
    },
    async inviteByToken(hash) {
      const row = await byToken({ hash })
      return row === undefined ? null : inviteOf(row)
    },
    invites: async () => (await invites({})).map(inviteOf),
    putInvite: (given) => putInvite(inviteRow(given)),
    deleteInvite: (id) => deleteInvite({ id }),
  } satisfies Partial<OwnerOperations>
}

function auditStatements(db: Kysely<StoreTables>, connection: StatementConnection) {
  const { all, first, change } = statementsOn(connection)
  const every = () => db.selectFrom('audit').selectAll()
  const last = first(() => every().orderBy('seq', 'desc').limit(1))
  const later = all(({ after, limit }: Page) => every().where('seq', '>', after).orderBy('seq').limit(limit))
  const add = change((row: Insertable<AuditTable>) => db.insertInto('audit').values(row))
  return {
    async lastAuditEntry() {
      const row = await last({})
      return row === undefined ? null : auditEntryOf(row)
    },
    auditEntries: async ({ after, limit }) => (await later({ after, limit })).map(auditEntryOf),
    addAuditEntry: (entry) => add(auditRow(entry)),
  } satisfies Partial<OwnerOperations>
}

function eventStatements(db: Kysely<StoreTables>, connection: StatementConnection) {
  const { all, first, change, count } = statementsOn(connection)
  const last = first(() => db.selectFrom('events').select('seq').orderBy('seq', 'desc').limit(1))
  const later = all(({ after, limit }: Page) =>
    db.selectFrom('events').selectAll().where('seq', '>', after).orderBy('seq').limit(limit),
  )
  const add = change((row: Insertable<EventTable>) => db.insertInto('events').values(row))
  const newestBefore = first(({ beforeMs }: { beforeMs: number }) =>
    db
      .selectFrom('events')
      .select('seq')
      .where('at_ms', '<', beforeMs)
      .orderBy('at_ms', 'desc')
      .orderBy('seq', 'desc')
      .limit(1),
  )
  const deleteUpTo = count(({ end }: { end: number }) => db.deleteFrom('events').where('seq', '<=', end))
  const lastEventSeq = async (): Promise<number> => Number((await last({}))?.seq ?? 0)
  return {
    events: async ({ after, limit }) => (await later({ after, limit })).map(eventOf),
    lastEventSeq,
    async addEvent({ atMs, node, payload }) {
      const seq = (await lastEventSeq()) + 1
      await add({ seq, at_ms: atMs, node, payload })
      return seq
    },
    async deleteEvents({ upTo, beforeMs }) {
      const newest = await newestBefore({ beforeMs })
      const end = Math.min(upTo, Number(newest?.seq ?? 0), (await lastEventSeq()) - 1)
      return (await deleteUpTo({ end })) > 0 ? end : 0
    },
  } satisfies Partial<OwnerOperations>
}
