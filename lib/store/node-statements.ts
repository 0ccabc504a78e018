import type { Insertable, Kysely } from 'kysely'
import type { NodeRecord, PairingTransaction } from '../pairing/pairing-store.ts'
import type { NodeTable, RememberedTable, StoreTables } from './schema.ts'
import { statementsOn, type StatementConnection } from './statements.ts'

export type NodeOperations = Pick<
  PairingTransaction,
  | 'nodes'
  | 'putNode'
  | 'deleteNode'
  | 'addPresence'
  | 'deletePresence'
  | 'isPresent'
  | 'remembered'
  | 'remember'
  | 'forget'
  | 'forgetRemembered'
>

/** Devices in one statement: a database takes so many parameters and no more. */
const BATCH = 500

/** The gateways that share a store, the devices that are connected to them, and what all of them remember. */
export function nodeStatements(db: Kysely<StoreTables>, connection: StatementConnection): NodeOperations {
  return { ...presenceStatements(db, connection), ...rememberedStatements(db, connection) }
}

function presenceStatements(db: Kysely<StoreTables>, connection: StatementConnection) {
  const { all, first, change, countOnce } = statementsOn(connection)
  const nodes = all(() => db.selectFrom('nodes').selectAll().orderBy('id'))
  const putNode = change((row: Insertable<NodeTable>) =>
    db
      .insertInto('nodes')
      .values(row)
      .onConflict((conflict) => conflict.column('id').doUpdateSet(row)),
  )
  // The presence of its devices goes with it, by the foreign key.
  const deleteNode = change(({ id }: { id: string }) => db.deleteFrom('nodes').where('id', '=', id))
  const elsewhere = first(({ deviceId, exceptNode }: { deviceId: string; exceptNode: string }) =>
    db
      .selectFrom('presence')
      .select('node_id')
      .where('device_id', '=', deviceId)
      .where('node_id', '<>', exceptNode)
      .limit(1),
  )
  return {
    async nodes() {
      return (await nodes({})).map(({ id, host, pid, beat, told_seq, heir }): NodeRecord => ({
        id,
        host,
        pid: Number(pid),
        beat: Number(beat),
        toldSeq: Number(told_seq),
        heir,
      }))
    },
    async putNode({ id, host, pid, beat, toldSeq, heir }) {
      await putNode({ id, host, pid, beat, told_seq: toldSeq, heir })
    },
    deleteNode: (id) => deleteNode({ id }),
    async addPresence(nodeId, deviceIds) {
      for (const batch of batchesOf(deviceIds)) {
        const rows = batch.map((deviceId) => ({ node_id: nodeId, device_id: deviceId }))
        const insert = db.insertInto('presence').values(rows)
        await countOnce(
          insert.onConflict((conflict) => conflict.columns(['device_id', 'node_id']).doNothing()),
        )
      }
    },
    async deletePresence(nodeId, deviceIds) {
      for (const batch of batchesOf(deviceIds)) {
        const ofNode = db.deleteFrom('presence').where('node_id', '=', nodeId)
        await countOnce(ofNode.where('device_id', 'in', batch))
      }
    },
    isPresent: async (deviceId, exceptNode) => (await elsewhere({ deviceId, exceptNode })) !== undefined,
  } satisfies Partial<NodeOperations>
}

function rememberedStatements(db: Kysely<StoreTables>, connection: StatementConnection) {
  const { first, change } = statementsOn(connection)
  const remembered = first(({ key }: { key: string }) =>
    db.selectFrom('remembered').selectAll().where('key', '=', key),
  )
  const remember = change((row: Insertable<RememberedTable>) =>
    db
      .insertInto('remembered')
      .values(row)
      .onConflict((conflict) => conflict.column('key').doUpdateSet(row)),
  )
  const forget = change(({ key }: { key: string }) => db.deleteFrom('remembered').where('key', '=', key))
  const forgetOld = change(({ nowMs }: { nowMs: number }) =>
    db.deleteFrom('remembered').where('until_ms', '<=', nowMs),
  )
  return {
    async remembered(key) {
      const row = await remembered({ key })
      return row === undefined ? null : { value: row.value, untilMs: Number(row.until_ms) }
    },
    remember: (key, { value, untilMs }) => remember({ key, value, until_ms: untilMs }),
    forget: (key) => forget({ key }),
    forgetRemembered: (nowMs) => forgetOld({ nowMs }),
  } satisfies Partial<NodeOperations>
}

function batchesOf<T>(items: readonly T[]): T[][] {
  const batches: T[][] = []
  for (let start = 0; start < items.length; start += BATCH) batches.push(items.slice(start, start + BATCH))
  return batches
}
