import path from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import Database from 'better-sqlite3'
import { Kysely, type CompiledQuery } from 'kysely'
import type { PairingTransaction } from '../../lib/pairing/pairing-store.ts'
import { sqliteStore } from '../../lib/store/index.ts'
import type { StoreTables } from '../../lib/store/schema.ts'
import { ImmediateSqliteDialect } from '../../lib/store/sqlite-dialect.ts'
import { sqlTransaction } from '../../lib/store/sql-transaction.ts'
import {
  sampleAuditEntry,
  sampleDevice,
  sampleGrant,
  sampleInvite,
  sampleRequest,
  sampleToken,
} from './samples.ts'
import { scratchFolders } from './scratch-folder.ts'

const scratch = scratchFolders()
const queries: CompiledQuery[] = []
let database: Database.Database
let db: Kysely<StoreTables>
let operations: PairingTransaction

beforeAll(async () => {
  const file = path.join(scratch(), 'store.db')
  await (await sqliteStore(file)).close()
  database = new Database(file)
  const dialect = new ImmediateSqliteDialect(database, 0)
  db = new Kysely({ dialect })
  operations = sqlTransaction(db, {
    executeQuery(query) {
      queries.push(query)
      return dialect.connection.executeQuery(query)
    },
  })
})
afterAll(() => db.destroy())

// Every operation, with the index or key that it must use.
const PLANS: [keyof PairingTransaction, (tx: PairingTransaction) => Promise<unknown>, RegExp][] = [
  ['nowMs', (tx) => tx.nowMs(), /^$/],
  ['setting', (tx) => tx.setting('k'), /SEARCH settings USING INDEX .*\(key=\?\)/],
  ['putSetting', (tx) => tx.putSetting('k', 'v'), /^$/],
  ['device', (tx) => tx.device('d'), /SEARCH devices USING INDEX .*\(id=\?\)/],
  ['devices', (tx) => tx.devices({ limit: 9 }), /SCAN devices USING INDEX/],
  ['devices', (tx) => tx.devices({ after: 'd', limit: 9 }), /SEARCH devices USING INDEX .*\(id>\?\)/],
  ['devicesBySeen', (tx) => tx.devicesBySeen({ limit: 9 }), /SCAN devices USING INDEX devices_seen/],
  [
    'devicesBySeen',
    (tx) => tx.devicesBySeen({ after: { seenAtMs: 1, id: 'd' }, limit: 9 }),
    /SEARCH devices USING INDEX devices_seen/,
  ],
  // The keys of what refers to a device, should its id change.
  ['putDevice', (tx) => tx.putDevice(sampleDevice('d')), /SEARCH tokens USING .*\n.*SEARCH grants USING/],
  ['grants', (tx) => tx.grants('d'), /SEARCH grants USING INDEX .*\(device_id=\?\)/],
  ['putGrant', (tx) => tx.putGrant(sampleGrant('d')), /^$/],
  ['silentGrantsSince', (tx) => tx.silentGrantsSince(1), /INDEX grants_silent_age \(granted_at_ms>\?\)/],
  ['hasOwnerGrants', (tx) => tx.hasOwnerGrants(), /SCAN grants USING COVERING INDEX grants_of_owners/],
  ['deleteExpiredGrants', (tx) => tx.deleteExpiredGrants(1), /INDEX grants_expiry \(expires_at_ms<\?\)/],
  ['deleteGrant', (tx) => tx.deleteGrant('g'), /SEARCH grants USING INDEX .*\(id=\?\)/],
  ['tokens', (tx) => tx.tokens('d'), /SEARCH tokens USING INDEX .*\(device_id=\?\)/],
  ['putToken', (tx) => tx.putToken(sampleToken('d')), /^$/],
  ['deleteToken', (tx) => tx.deleteToken('d', 'r'), /\(device_id=\? AND role=\?\)/],
  ['deleteDevice', (tx) => tx.deleteDevice('d'), /SEARCH devices USING INDEX .*\(id=\?\)/],
  ['request', (tx) => tx.request('r'), /SEARCH requests USING INDEX .*\(id=\?\)/],
  ['pendingRequestOf', (tx) => tx.pendingRequestOf('d'), /INDEX requests_one_pending \(device_id=\?\)/],
  ['pendingRequests', (tx) => tx.pendingRequests(9), /SCAN requests USING INDEX requests_pending_age/],
  [
    'pendingRequests',
    (tx) => tx.pendingRequests(9, { createdAtMs: 1, id: 'r' }),
    /SEARCH requests USING INDEX requests_pending_age/,
  ],
  ['putRequest', (tx) => tx.putRequest(sampleRequest('r', 'd')), /^$/],
  ['countPending', (tx) => tx.countPending(), /USING COVERING INDEX requests_(pending|one)/],
  [
    'countPendingFrom',
    (tx) => tx.countPendingFrom('p'),
    /COVERING INDEX requests_pending_prefix \(address_prefix=\?/,
  ],
  [
    'countRequestsOf',
    (tx) => tx.countRequestsOf('d', 1),
    /COVERING INDEX requests_of_device \(device_id=\? AND created_at_ms>\?\)/,
  ],
  ['expiredRequests', (tx) => tx.expiredRequests(1), /INDEX requests_pending_expiry \(expires_at_ms<\?\)/],
  [
    'deleteSettledRequests',
    (tx) => tx.deleteSettledRequests(['expired', 'superseded'], 1),
    /INDEX requests_settled_age \(created_at_ms<\?\)/,
  ],
  ['ignored', (tx) => tx.ignored('d'), /SEARCH ignored_devices USING INDEX .*\(device_id=\?\)/],
  ['ignoredDevices', (tx) => tx.ignoredDevices(), /SCAN ignored_devices USING INDEX/],
  ['putIgnored', (tx) => tx.putIgnored({ deviceId: 'd', displayName: null, ignoredBy: 'o', ignoredAtMs: 1 }), /^$/], // prettier-ignore
  ['deleteIgnored', (tx) => tx.deleteIgnored('d'), /SEARCH ignored_devices USING INDEX/],
  ['invite', (tx) => tx.invite('i'), /SEARCH invites USING INDEX .*\(id=\?\)/],
  ['inviteByToken', (tx) => tx.inviteByToken('t'), /SEARCH invites USING INDEX .*\(token_hash=\?\)/],
  ['invites', (tx) => tx.invites(), /SCAN invites USING INDEX invites_age/],
  ['putInvite', (tx) => tx.putInvite(sampleInvite('i')), /^$/],
  ['deleteInvite', (tx) => tx.deleteInvite('i'), /SEARCH invites USING INDEX/],
  ['lastAuditEntry', (tx) => tx.lastAuditEntry(), /SCAN audit USING INDEX/],
  ['auditEntries', (tx) => tx.auditEntries({ after: 1, limit: 9 }), /SEARCH audit USING INDEX .*\(seq>\?\)/],
  ['addAuditEntry', (tx) => tx.addAuditEntry(sampleAuditEntry(1)), /^$/],
  ['events', (tx) => tx.events({ after: 1, limit: 9 }), /SEARCH events USING INDEX .*\(seq>\?\)/],
  [
    'addEvent',
    (tx) => tx.addEvent({ atMs: 1, node: 'n', payload: '{}' }),
    /SCAN events USING COVERING INDEX/,
  ],
  [
    'deleteEvents',
    (tx) => tx.deleteEvents({ upTo: 1, beforeMs: 1 }),
    /INDEX events_age \(at_ms<\?\)(.|\n)*SEARCH events USING INDEX .*\(seq<\?\)/,
  ],
  ['lastEventSeq', (tx) => tx.lastEventSeq(), /SCAN events USING COVERING INDEX/],
  ['nodes', (tx) => tx.nodes(), /SCAN nodes USING INDEX/],
  [
    'putNode',
    (tx) => tx.putNode({ id: 'n', host: 'h', pid: 1, beat: 1, toldSeq: 0, heir: null }),
    /SEARCH presence USING COVERING INDEX presence_of_node/,
  ],
  ['deleteNode', (tx) => tx.deleteNode('n'), /SEARCH nodes USING INDEX .*\(id=\?\)/],
  ['addPresence', (tx) => tx.addPresence('n', ['d']), /^$/],
  [
    'deletePresence',
    (tx) => tx.deletePresence('n', ['d']),
    /\(device_id=\? AND node_id=\?\)|\(node_id=\? AND device_id=\?\)/,
  ],
  ['isPresent', (tx) => tx.isPresent('d', 'n'), /SEARCH presence USING COVERING INDEX .*\(device_id=\?\)/],
  ['remembered', (tx) => tx.remembered('k'), /SEARCH remembered USING INDEX .*\(key=\?\)/],
  ['remember', (tx) => tx.remember('k', { value: 'v', untilMs: 1 }), /^$/],
  ['forget', (tx) => tx.forget('k'), /SEARCH remembered USING INDEX .*\(key=\?\)/],
  ['forgetRemembered', (tx) => tx.forgetRemembered(1), /INDEX remembered_until \(until_ms<\?\)/],
]
/** Those that look for the latest event first, and for the oldest that stays. */
const STATEMENTS: Readonly<Record<string, number>> = { nowMs: 0, addEvent: 2, deleteEvents: 3 }

test.each(PLANS)('%s uses an index, and never sorts', async (name, operation, expected) => {
  await db.transaction().execute(async () => {
    await operations.putDevice(sampleDevice('d'))
    await operations.putNode({ id: 'n', host: 'h', pid: 1, beat: 1, toldSeq: 0, heir: null })
    queries.length = 0
    await operation(operations)
  })
  expect(queries).toHaveLength(STATEMENTS[name] ?? 1)
  const plan = queries.flatMap(planOf)
  expect(plan.join('\n')).toMatch(expected)
  for (const step of plan) expect(step).not.toMatch(/SCAN (?!.*USING)|TEMP B-TREE/)
})

function planOf({ sql, parameters }: CompiledQuery): string[] {
  const explain = database.prepare<unknown[], { detail: string }>(`explain query plan ${sql}`)
  // Without the values: SQLite may look at them, but a plan must not rest on that.
  return explain.all(...parameters.map(() => null)).map((step) => step.detail)
}

test('every operation of the port has its plan checked', () => {
  expect(new Set(PLANS.map(([name]) => name))).toEqual(new Set(Object.keys(operations)))
})
