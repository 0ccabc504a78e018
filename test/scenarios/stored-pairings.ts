import path from 'node:path'
import Database from 'better-sqlite3'

export type StoredGrant = {
  readonly deviceId: string
  readonly role: string
  readonly via: string
  readonly scopes: readonly string[]
  readonly origin: string | null
}
export type StoredRequest = {
  readonly id: string
  readonly deviceId: string
  readonly state: string
  readonly scopes: readonly string[]
  readonly roles: readonly string[]
}

/** What the file holds, read beside the app that writes it. */
export type StoredPairings = {
  readonly grants: readonly StoredGrant[]
  /** Every one that was ever made: settled ones stay for an hour at least. */
  readonly requests: readonly StoredRequest[]
  /** Kinds and reasons of what was recorded, oldest first. */
  readonly audit: readonly {
    readonly kind: string
    readonly deviceId: string | null
    readonly reason: unknown
  }[]
}

type Ask = { readonly role: string; readonly scopes: readonly string[] }
type Row = Readonly<Record<string, string | null>>

export function storedPairings(folder: string): StoredPairings {
  const database = new Database(path.join(folder, 'latchkey.db'), { readonly: true })
  try {
    const all = (sql: string): Row[] => database.prepare<[], Row>(sql).all()
    const parse = (text: string | null | undefined): unknown => JSON.parse(text ?? 'null')
    return {
      grants: all('select * from grants order by granted_at_ms, rowid').map((row) => ({
        deviceId: row.device_id ?? '',
        role: row.role ?? '',
        via: row.via ?? '',
        scopes: parse(row.scopes) as string[],
        origin: row.origin ?? null,
      })),
      requests: all('select * from requests order by created_at_ms, rowid').map((row) => {
        const asks = parse(row.asks) as Ask[]
        return {
          id: row.id ?? '',
          deviceId: row.device_id ?? '',
          state: row.state ?? '',
          roles: asks.map((ask) => ask.role),
          scopes: asks.flatMap((ask) => ask.scopes),
        }
      }),
      audit: all('select * from audit order by seq').map((row) => ({
        kind: row.kind ?? '',
        deviceId: row.device_id ?? null,
        reason: (parse(row.details) as { readonly reason?: unknown }).reason,
      })),
    }
  } finally {
    database.close()
  }
}
