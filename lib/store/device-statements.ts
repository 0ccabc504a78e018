import { sql, type Insertable, type Kysely } from 'kysely'
import type { PairingTransaction } from '../pairing/pairing-store.ts'
import { deviceOf, deviceRow } from './rows.ts'
import type { DeviceTable, StoreTables } from './schema.ts'
import { statementsOn, type StatementConnection } from './statements.ts'

export type DeviceOperations = Pick<
  PairingTransaction,
  'setting' | 'putSetting' | 'device' | 'devices' | 'devicesBySeen' | 'putDevice' | 'deleteDevice'
>

const SEEN = sql<number>`coalesce(last_seen_at_ms, created_at_ms)`

type Id = { readonly id: string }
type Limit = { readonly limit: number }

/** Settings of the gateway, and devices. */
export function deviceStatements(db: Kysely<StoreTables>, connection: StatementConnection): DeviceOperations {
  const { all, first, change } = statementsOn(connection)
  const setting = first(({ key }: { key: string }) =>
    db.selectFrom('settings').select('value').where('key', '=', key),
  )
  const putSetting = change((row: { key: string; value: string }) =>
    db
      .insertInto('settings')
      .values(row)
      .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: row.value })),
  )

  const devices = () => db.selectFrom('devices').selectAll()
  const bySeen = () => devices().orderBy(SEEN, 'desc').orderBy('id', 'desc')

  const device = first(({ id }: Id) => devices().where('id', '=', id))
  const firstPage = all(({ limit }: Limit) => devices().orderBy('id').limit(limit))
  const nextPage = all(({ after, limit }: Limit & { after: string }) =>
    devices().orderBy('id').limit(limit).where('id', '>', after),
  )
  const lastSeen = all(({ limit }: Limit) => bySeen().limit(limit))
  const seenBefore = all(({ seenAtMs, id, limit }: Limit & Id & { seenAtMs: number }) =>
    // The first condition is for the planner, which does not look into the second.
    bySeen()
      .limit(limit)
      .where(sql<boolean>`${SEEN} <= ${seenAtMs} and (${SEEN}, id) < (${seenAtMs}, ${id})`),
  )
  const putDevice = change((row: Insertable<DeviceTable>) =>
    db
      .insertInto('devices')
      .values(row)
      .onConflict((conflict) => conflict.column('id').doUpdateSet(row)),
  )
  // Grants and tokens go with it, by their foreign keys.
  const deleteDevice = change(({ id }: Id) => db.deleteFrom('devices').where('id', '=', id))

  return {
    setting: async (key) => (await setting({ key }))?.value ?? null,
    putSetting: (key, value) => putSetting({ key, value }),

    async device(id) {
      const row = await device({ id })
      return row === undefined ? null : deviceOf(row)
    },
    async devices({ after, limit }) {
      const rows = await (after === undefined ? firstPage({ limit }) : nextPage({ after, limit }))
      return rows.map(deviceOf)
    },
    async devicesBySeen({ after, limit }) {
      const rows = await (after === undefined
        ? lastSeen({ limit })
        : seenBefore({ seenAtMs: after.seenAtMs, id: after.id, limit }))
      return rows.map(deviceOf)
    },
    putDevice: (given) => putDevice(deviceRow(given)),
    deleteDevice: (id) => deleteDevice({ id }),
  }
}
