import type { Kysely } from 'kysely'
import type { NodeRecord, PairingTransaction } from '../pairing/pairing-store.ts'
import type { StoreTables } from './schema.ts'

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
export function nodeStatements(trx: Kysely<StoreTables>): NodeOperations {
  return {
    async nodes() {
      const rows = await trx.selectFrom('nodes').selectAll().orderBy('id').execute()
      return rows.map(({ id, host, pid, beat, told_seq, heir }): NodeRecord => ({
        id,
        host,
        pid: Number(pid),
        beat: Number(beat),
        toldSeq: Number(told_seq),
        heir,
      }))
    },
    async putNode({ id, host, pid, beat, toldSeq, heir }) {
      const row = { id, host, pid, beat, told_seq: toldSeq, heir }
      const insert = trx.insertInto('nodes').values(row)
      await insert.onConflict((conflict) => conflict.column('id').doUpdateSet(row)).execute()
    },
    async deleteNode(id) {
      // The presence of its devices goes with it, by the foreign key.
      await trx.deleteFrom('nodes').where('id', '=', id).execute()
    },
    async addPresence(nodeId, deviceIds) {
      for (const batch of batchesOf(deviceIds)) {
        const rows = batch.map((deviceId) => ({ node_id: nodeId, device_id: deviceId }))
        const insert = trx.insertInto('presence').values(rows)
        await insert
          .onConflict((conflict) => conflict.columns(['device_id', 'node_id']).doNothing())
          .execute()
      }
    },
    async deletePresence(nodeId, deviceIds) {
      for (const batch of batchesOf(deviceIds)) {
        const ofNode = trx.deleteFrom('presence').where('node_id', '=', nodeId)
        await ofNode.where('device_id', 'in', batch).execute()
      }
    },
    async isPresent(deviceId, exceptNode) {
      const one = trx.selectFrom('presence').select('node_id').where('device_id', '=', deviceId)
      return (await one.where('node_id', '<>', exceptNode).limit(1).executeTakeFirst()) !== undefined
    },

    async remembered(key) {
      const all = trx.selectFrom('remembered').selectAll()
      const row = await all.where('key', '=', key).executeTakeFirst()
      return row === undefined ? null : { value: row.value, untilMs: Number(row.until_ms) }
    },
    async remember(key, { value, untilMs }) {
      const row = { key, value, until_ms: untilMs }
      const insert = trx.insertInto('remembered').values(row)
      await insert.onConflict((conflict) => conflict.column('key').doUpdateSet(row)).execute()
    },
    async forget(key) {
      await trx.deleteFrom('remembered').where('key', '=', key).execute()
    },
    async forgetRemembered(nowMs) {
      await trx.deleteFrom('remembered').where('until_ms', '<=', nowMs).execute()
    },
  }
}

function batchesOf<T>(items: readonly T[]): T[][] {
  const batches: T[][] = []
  for (let start = 0; start < items.length; start += BATCH) batches.push(items.slice(start, start + BATCH))
  return batches
}
