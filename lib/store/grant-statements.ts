import { sql, type Insertable, type Kysely } from 'kysely'
import type { PairingTransaction } from '../pairing/pairing-store.ts'
import { grantOf, grantRow, tokenOf, tokenRow } from './rows.ts'
import type { GrantTable, StoreTables, TokenTable } from './schema.ts'
import { statementsOn, type StatementConnection } from './statements.ts'

export type GrantOperations = Pick<
  PairingTransaction,
  | 'grants'
  | 'silentGrantsSince'
  | 'hasOwnerGrants'
  | 'putGrant'
  | 'deleteGrant'
  | 'deleteExpiredGrants'
  | 'tokens'
  | 'putToken'
  | 'deleteToken'
>

// Literals, not parameters: the planner uses a partial index only when it can read the value.
const SILENT = sql.lit('silent' as const)
const OWNER = sql.lit('owner' as const)

/**
 * A bare parameter in such an order makes SQLite prepare the statement anew for each value, to see whether another plan
 * would be better for it, which costs more than to carry it out.
 */
const plain = (text: string) => sql<string>`cast(${text} as text)`

type Id = { readonly id: string }
type OfDevice = { readonly deviceId: string }

/** What devices hold: grants and tokens. */
export function grantStatements(db: Kysely<StoreTables>, connection: StatementConnection): GrantOperations {
  const { all, first, change } = statementsOn(connection)
  const grants = all(({ deviceId }: OfDevice) =>
    db
      .selectFrom('grants')
      .selectAll()
      .where('device_id', '=', plain(deviceId))
      .orderBy('role')
      .orderBy('via')
      .orderBy('granted_at_ms')
      .orderBy('id'),
  )
  const silentSince = all(({ sinceMs }: { sinceMs: number }) =>
    db
      .selectFrom('grants')
      .selectAll()
      .where('via', '=', SILENT)
      .where('granted_at_ms', '>=', sinceMs)
      .orderBy('granted_at_ms')
      .orderBy('device_id')
      .orderBy('id'),
  )
  const oneOfOwner = first(() => db.selectFrom('grants').select('id').where('via', '=', OWNER).limit(1))
  const putGrant = change((row: Insertable<GrantTable>) =>
    db
      .insertInto('grants')
      .values(row)
      .onConflict((conflict) => conflict.column('id').doUpdateSet(row)),
  )
  const deleteGrant = change(({ id }: Id) => db.deleteFrom('grants').where('id', '=', id))
  const deleteExpired = change(({ beforeMs }: { beforeMs: number }) =>
    db.deleteFrom('grants').where('expires_at_ms', '<', beforeMs),
  )
  const tokens = all(({ deviceId }: OfDevice) =>
    db.selectFrom('tokens').selectAll().where('device_id', '=', plain(deviceId)).orderBy('role'),
  )
  const putToken = change((row: Insertable<TokenTable>) =>
    db
      .insertInto('tokens')
      .values(row)
      .onConflict((conflict) => conflict.columns(['device_id', 'role']).doUpdateSet(row)),
  )
  const deleteToken = change(({ deviceId, role }: OfDevice & { role: string }) =>
    db.deleteFrom('tokens').where('device_id', '=', deviceId).where('role', '=', role),
  )

  return {
    grants: async (deviceId) => (await grants({ deviceId })).map(grantOf),
    silentGrantsSince: async (sinceMs) => (await silentSince({ sinceMs })).map(grantOf),
    hasOwnerGrants: async () => (await oneOfOwner({})) !== undefined,
    putGrant: (grant) => putGrant(grantRow(grant)),
    deleteGrant: (id) => deleteGrant({ id }),
    deleteExpiredGrants: (beforeMs) => deleteExpired({ beforeMs }),
    tokens: async (deviceId) => (await tokens({ deviceId })).map(tokenOf),
    putToken: (token) => putToken(tokenRow(token)),
    deleteToken: (deviceId, role) => deleteToken({ deviceId, role }),
  }
}
