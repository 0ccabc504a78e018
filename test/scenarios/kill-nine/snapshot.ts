import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import Database from 'better-sqlite3'
import pg from 'pg'
import type { AuditEntry } from '../../../lib/pairing/audit-entry.ts'

export type Grant = {
  readonly deviceId: string
  readonly role: string
  readonly via: string
  readonly scopes: readonly string[]
  readonly origin: string | null
}

type Ask = { readonly role: string; readonly scopes: readonly string[] }

/** What an entry of the audit log says of its decision; which of these depends on its kind. */
export type AuditDetails = {
  readonly requestId?: string
  readonly granted?: readonly Ask[]
  readonly asks?: readonly Ask[]
  readonly role?: string
  readonly scopes?: readonly string[]
  /** Of an invitation that was used; `id` of one that was made or revoked. */
  readonly inviteId?: string
  readonly id?: string
  readonly label?: string
  readonly pending?: string | null
}

export type Recorded = AuditEntry & { readonly said: AuditDetails }

/** What a store holds after its process was killed. */
export type Snapshot = {
  readonly isSound: boolean
  /** Device → its label. */
  readonly devices: ReadonlyMap<string, string | null>
  readonly grants: readonly Grant[]
  /** `device role` → hash of the token that is valid now. */
  readonly tokens: ReadonlyMap<string, string>
  /** Request → state. */
  readonly requests: ReadonlyMap<string, string>
  /** Invitation → who used it. */
  readonly invites: ReadonlyMap<string, string | null>
  readonly audit: readonly Recorded[]
}

type Row = Readonly<Record<string, string | number | null>>

/** Reads a copy of the file and its log, so that the next start finds them as the killed process left them. */
export function takeSnapshot(file: string): Snapshot {
  // Killed before it had made one. A file that is there is a whole store.
  if (!existsSync(file)) return snapshotOf(true, () => [])
  const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-snapshot-'))
  const copy = path.join(folder, 'copy.db')
  for (const end of ['', '-wal']) if (existsSync(file + end)) copyFileSync(file + end, copy + end)
  const database = new Database(copy)
  try {
    const rows = (table: string, order: string): Row[] =>
      database.prepare<[], Row>(`select * from ${table} order by ${order}`).all()
    return snapshotOf(database.pragma('integrity_check', { simple: true }) === 'ok', rows)
  } finally {
    database.close()
    rmSync(folder, { recursive: true })
  }
}

/** The same of a database that another node is using. */
export async function takePostgresSnapshot(url: string): Promise<Snapshot> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query('begin isolation level repeatable read read only')
    const tables = new Map<string, Row[]>()
    for (const [table, order] of Object.entries(ORDERS)) {
      const text = `select * from latchkey.${table} order by ${order}`
      tables.set(table, (await client.query<Row>(text)).rows)
    }
    return snapshotOf(true, (table) => tables.get(table) ?? [])
  } finally {
    await client.end()
  }
}

const ORDERS = {
  devices: 'id collate "C"',
  grants: 'id collate "C"',
  tokens: 'device_id collate "C"',
  requests: 'id collate "C"',
  invites: 'id collate "C"',
  audit: 'seq',
}

function snapshotOf(isSound: boolean, rows: (table: string, order: string) => readonly Row[]): Snapshot {
  const text = (value: Row[string] | undefined): string => String(value ?? '')
  const orNull = (value: Row[string] | undefined): string | null => (value == null ? null : String(value))
  return {
    isSound,
    devices: new Map(rows('devices', 'id').map((row) => [text(row.id), orNull(row.label)])),
    grants: rows('grants', 'id').map((row) => ({
      deviceId: text(row.device_id),
      role: text(row.role),
      via: text(row.via),
      scopes: JSON.parse(text(row.scopes)) as string[],
      origin: orNull(row.origin),
    })),
    tokens: new Map(
      rows('tokens', 'device_id')
        .filter((row) => row.revoked_at_ms === null)
        .map((row) => [`${text(row.device_id)} ${text(row.role)}`, text(row.hash)]),
    ),
    requests: new Map(rows('requests', 'id').map((row) => [text(row.id), text(row.state)])),
    invites: new Map(rows('invites', 'id').map((row) => [text(row.id), orNull(row.used_by)])),
    audit: rows('audit', 'seq').map((row) => ({
      seq: Number(row.seq),
      atMs: Number(row.at_ms),
      kind: text(row.kind) as AuditEntry['kind'],
      actor: text(row.actor),
      deviceId: orNull(row.device_id),
      details: text(row.details),
      previousHash: text(row.previous_hash),
      hash: text(row.hash),
      said: JSON.parse(text(row.details)) as AuditDetails,
    })),
  }
}
