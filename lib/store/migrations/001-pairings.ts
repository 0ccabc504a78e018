import { sql, type Kysely } from 'kysely'
import type { StoreTables } from '../schema.ts'

// Times are bigint: PostgreSQL's integer ends in 1970 when it counts milliseconds.

/** Settings, devices with their grants and tokens, and pairing requests. */
export async function createPairingTables(db: Kysely<StoreTables>): Promise<void> {
  await db.schema
    .createTable('settings')
    .addColumn('key', 'text', (column) => column.notNull().primaryKey())
    .addColumn('value', 'text', (column) => column.notNull())
    .execute()

  await db.schema
    .createTable('devices')
    .addColumn('id', 'text', (column) => column.notNull().primaryKey())
    .addColumn('public_key', 'text', (column) => column.notNull())
    .addColumn('display_name', 'text')
    .addColumn('label', 'text')
    .addColumn('platform', 'text')
    .addColumn('device_family', 'text')
    .addColumn('client_id', 'text')
    .addColumn('client_mode', 'text')
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('last_seen_at_ms', 'bigint')
    .execute()
  const seen = sql<number>`coalesce(last_seen_at_ms, created_at_ms)`
  await db.schema.createIndex('devices_seen').on('devices').columns([seen, 'id']).execute()

  await db.schema
    .createTable('grants')
    .addColumn('id', 'text', (column) => column.notNull().primaryKey())
    .addColumn('device_id', 'text', (column) => column.notNull().references('devices.id').onDelete('cascade'))
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('via', 'text', (column) => column.notNull().check(sql`via in ('silent', 'owner')`))
    .addColumn('scopes', 'text', (column) => column.notNull())
    .addColumn('approved_by', 'text')
    .addColumn('origin', 'text')
    .addColumn('from_address', 'text')
    .addColumn('locality_reason', 'text', (column) => column.notNull())
    .addColumn('host', 'text')
    .addColumn('granted_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('expires_at_ms', 'bigint')
    .execute()
  await db.schema
    .createIndex('grants_of_device')
    .on('grants')
    .columns(['device_id', 'role', 'via', 'granted_at_ms', 'id'])
    .execute()
  await db.schema
    .createIndex('grants_expiry')
    .on('grants')
    .column('expires_at_ms')
    .where(sql<boolean>`expires_at_ms is not null`)
    .execute()
  const via = (text: 'silent' | 'owner') => sql<boolean>`via = ${sql.lit(text)}`
  await db.schema
    .createIndex('grants_silent_age')
    .on('grants')
    .columns(['granted_at_ms', 'device_id', 'id'])
    .where(via('silent'))
    .execute()
  await db.schema.createIndex('grants_of_owners').on('grants').column('id').where(via('owner')).execute()

  await db.schema
    .createTable('tokens')
    .addColumn('device_id', 'text', (column) => column.notNull().references('devices.id').onDelete('cascade'))
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('previous_hash', 'text')
    .addColumn('superseded', 'text', (column) => column.notNull())
    .addColumn('is_rotation_due', 'integer', (column) => column.notNull())
    .addColumn('issued_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('expires_at_ms', 'bigint')
    .addColumn('last_used_at_ms', 'bigint')
    .addColumn('revoked_at_ms', 'bigint')
    .addPrimaryKeyConstraint('tokens_key', ['device_id', 'role'])
    .execute()

  await createRequestTable(db)
  await createOwnerTables(db)
  await createNodeTables(db)
}

// No reference to devices: a request comes before its device, and outlives it.
async function createRequestTable(db: Kysely<StoreTables>): Promise<void> {
  const states = sql`state in ('pending', 'approved', 'rejected', 'superseded', 'expired')`
  await db.schema
    .createTable('requests')
    .addColumn('id', 'text', (column) => column.notNull().primaryKey())
    .addColumn('device_id', 'text', (column) => column.notNull())
    .addColumn('public_key', 'text', (column) => column.notNull())
    .addColumn('asks', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull().check(states))
    .addColumn('superseded_by', 'text')
    .addColumn('display_name', 'text')
    .addColumn('platform', 'text')
    .addColumn('device_family', 'text')
    .addColumn('client_id', 'text')
    .addColumn('client_mode', 'text')
    .addColumn('from_address', 'text')
    .addColumn('address_prefix', 'text', (column) => column.notNull())
    .addColumn('locality_reason', 'text', (column) => column.notNull())
    .addColumn('locality_advice', 'text')
    .addColumn('locality_trace', 'text', (column) => column.notNull())
    .addColumn('verification', 'text', (column) => column.notNull())
    .addColumn('code_failures', 'integer', (column) => column.notNull())
    .addColumn('approvals', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('refreshed_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('decided_at_ms', 'bigint')
    .addColumn('decided_by', 'text')
    .execute()

  const pending = sql<boolean>`state = 'pending'`
  const index = (name: string) => db.schema.createIndex(name).on('requests')
  await index('requests_one_pending').unique().column('device_id').where(pending).execute()
  await index('requests_pending_age').columns(['created_at_ms', 'id']).where(pending).execute()
  await index('requests_pending_prefix').column('address_prefix').where(pending).execute()
  await index('requests_of_device').columns(['device_id', 'created_at_ms']).execute()
  await index('requests_pending_expiry').columns(['expires_at_ms', 'id']).where(pending).execute()
  await index('requests_settled_age')
    .column('created_at_ms')
    .where(sql<boolean>`state <> 'pending'`)
    .execute()
}

// No references to devices here either: what was ignored, invited and recorded outlives them.
async function createOwnerTables(db: Kysely<StoreTables>): Promise<void> {
  await db.schema
    .createTable('ignored_devices')
    .addColumn('device_id', 'text', (column) => column.notNull().primaryKey())
    .addColumn('display_name', 'text')
    .addColumn('ignored_by', 'text', (column) => column.notNull())
    .addColumn('ignored_at_ms', 'bigint', (column) => column.notNull())
    .execute()

  await db.schema
    .createTable('invites')
    .addColumn('id', 'text', (column) => column.notNull().primaryKey())
    .addColumn('token_hash', 'text', (column) => column.notNull().unique())
    .addColumn('asks', 'text', (column) => column.notNull())
    .addColumn('label', 'text')
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('silent_host', 'text')
    .addColumn('is_first_owner', 'integer', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('used_by', 'text')
    .addColumn('used_at_ms', 'bigint')
    .execute()
  await db.schema.createIndex('invites_age').on('invites').columns(['created_at_ms', 'id']).execute()

  await db.schema
    .createTable('audit')
    .addColumn('seq', 'bigint', (column) => column.notNull().primaryKey())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('device_id', 'text')
    .addColumn('details', 'text', (column) => column.notNull())
    .addColumn('previous_hash', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .execute()

  await db.schema
    .createTable('events')
    .addColumn('seq', 'bigint', (column) => column.notNull().primaryKey())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('node', 'text', (column) => column.notNull())
    .addColumn('payload', 'text', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('events_age').on('events').columns(['at_ms', 'seq']).execute()
}

/** Who uses the store now, and what all of them have to remember for a time. */
async function createNodeTables(db: Kysely<StoreTables>): Promise<void> {
  await db.schema
    .createTable('nodes')
    .addColumn('id', 'text', (column) => column.notNull().primaryKey())
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('pid', 'bigint', (column) => column.notNull())
    .addColumn('beat', 'bigint', (column) => column.notNull())
    .addColumn('told_seq', 'bigint', (column) => column.notNull())
    .addColumn('heir', 'text')
    .execute()

  // A device may be removed while it is still connected.
  await db.schema
    .createTable('presence')
    .addColumn('node_id', 'text', (column) => column.notNull().references('nodes.id').onDelete('cascade'))
    .addColumn('device_id', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('presence_key', ['device_id', 'node_id'])
    .execute()
  await db.schema.createIndex('presence_of_node').on('presence').columns(['node_id', 'device_id']).execute()

  await db.schema
    .createTable('remembered')
    .addColumn('key', 'text', (column) => column.notNull().primaryKey())
    .addColumn('value', 'text', (column) => column.notNull())
    .addColumn('until_ms', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('remembered_until').on('remembered').column('until_ms').execute()
}
