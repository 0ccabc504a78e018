import path from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import Database from 'better-sqlite3'
import { Kysely, type CompiledQuery } from 'kysely'
import type { PairingTransaction } from '../../lib/pairing/pairing-store.ts'
import { sqliteStore } from '../../lib/store/index.ts'
import type { StoreTables } from '../../lib/store/schema.ts'
import { ImmediateSqliteDialect } from '../../lib/store/sqlite-dialect.ts'
import { sqlTransaction } from '../../lib/store/sql-transaction.ts'
import { sampleDevice, sampleGrant, sampleRequest, sampleToken } from './samples.ts'
import { scratchFolders } from './scratch-folder.ts'

const scratch = scratchFolders()
const queries: CompiledQuery[] = []
let database: Database.Database
let db: Kysely<StoreTables>

beforeAll(async () => {
  const file = path.join(scratch(), 'store.db')
  await (await sqliteStore(file)).close()
  database = new Database(file)
  db = new Kysely({
    dialect: new ImmediateSqliteDialect(database, 0),
    log: ({ query }) => void queries.push(query),
  })
})
afterAll(() => db.destroy())

// Every operation, with the index or key that it must use.
const PLANS: [keyof PairingTransaction, (tx: PairingTransaction) => Promise<unknown>, RegExp][] = [
  ['setting', (tx) => tx.setting('k'), /SEARCH settings USING INDEX .*\(key=\?\)/],
  ['putSetting', (tx) => tx.putSetting('k', 'v'), /^$/],
  ['device', (tx) => tx.device('d'), /SEARCH devices USING INDEX .*\(id=\?\)/],
  ['devices', (tx) => tx.devices({ limit: 9 }), /SCAN devices USING INDEX/],
  ['devices', (tx) => tx.devices({ after: 'd', limit: 9 }), /SEARCH devices USING INDEX .*\(id>\?\)/],
  // The keys of what refers to a device, should its id change.
  ['putDevice', (tx) => tx.putDevice(sampleDevice('d')), /SEARCH tokens USING .*\n.*SEARCH grants USING/],
  ['grants', (tx) => tx.grants('d'), /SEARCH grants USING INDEX .*\(device_id=\?\)/],
  ['putGrant', (tx) => tx.putGrant(sampleGrant('d')), /^$/],
  ['deleteGrant', (tx) => tx.deleteGrant('d', 'r', 'owner'), /\(device_id=\? AND role=\? AND via=\?\)/],
  ['tokens', (tx) => tx.tokens('d'), /SEARCH tokens USING INDEX .*\(device_id=\?\)/],
  ['putToken', (tx) => tx.putToken(sampleToken('d')), /^$/],
  ['deleteToken', (tx) => tx.deleteToken('d', 'r'), /\(device_id=\? AND role=\?\)/],
  ['deleteDevice', (tx) => tx.deleteDevice('d'), /SEARCH devices USING INDEX .*\(id=\?\)/],
  ['request', (tx) => tx.request('r'), /SEARCH requests USING INDEX .*\(id=\?\)/],
  ['pendingRequestOf', (tx) => tx.pendingRequestOf('d'), /INDEX requests_one_pending \(device_id=\?\)/],
  ['pendingRequests', (tx) => tx.pendingRequests(9), /SCAN requests USING INDEX requests_pending_age/],
  ['putRequest', (tx) => tx.putRequest(sampleRequest('r', 'd')), /^$/],
  ['countPending', (tx) => tx.countPending(), /USING COVERING INDEX requests_(pending|one)/],
  [
    'countPendingFrom',
    (tx) => tx.countPendingFrom('p'),
    /COVERING INDEX requests_pending_prefix \(address_prefix=\?/,
  ],
  ['expiredRequests', (tx) => tx.expiredRequests(1), /INDEX requests_pending_expiry \(expires_at_ms<\?\)/],
  [
    'deleteSettledRequests',
    (tx) => tx.deleteSettledRequests(1),
    /INDEX requests_settled_age \(created_at_ms<\?\)/,
  ],
]

test.each(PLANS)('%s uses an index, and never sorts', async (_name, operation, expected) => {
  await db.transaction().execute(async (trx) => {
    await sqlTransaction(trx).putDevice(sampleDevice('d'))
    queries.length = 0
    await operation(sqlTransaction(trx))
  })
  const [query, ...others] = queries.filter(({ sql }) => !/^(?:begin|commit)/.test(sql))
  expect(others).toEqual([])
  const explain = database.prepare<unknown[], { detail: string }>(`explain query plan ${query?.sql ?? ''}`)
  // Without the values: SQLite may look at them, but a plan must not rest on that.
  const plan = explain.all(...(query?.parameters ?? []).map(() => null)).map((step) => step.detail)
  expect(plan.join('\n')).toMatch(expected)
  for (const step of plan) expect(step).not.toMatch(/SCAN (?!.*USING)|TEMP B-TREE/)
})

test('every operation of the port has its plan checked', async () => {
  const operations = await db
    .transaction()
    .execute((trx) => Promise.resolve(Object.keys(sqlTransaction(trx))))
  expect(new Set(PLANS.map(([name]) => name))).toEqual(new Set(operations))
})
