import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { LatchkeyError } from '../../lib/errors.ts'
import type { PairingStore } from '../../lib/pairing/pairing-store.ts'
import { SCHEMA_VERSION } from '../../lib/store/migrate.ts'
import { postgresStore, type PostgresStoreOptions } from '../../lib/store/postgres/index.ts'
import { startPostgres, type OwnPostgresServer } from '../postgres-server.ts'
import { freePorts } from '../proxies/free-ports.ts'
import { runChild } from './children/run-child.ts'
import { sampleDevice } from './samples.ts'

jest.setTimeout(120_000)
const PASSWORD = 'correct horse%/@battery'

let server: OwnPostgresServer
let url: string
beforeAll(async () => {
  server = await startPostgres({ fsync: 'off', password_encryption: 'scram-sha-256' })
  url = await server.database()
})
afterAll(() => server.stop())

/** Opens, and hands over the error that opening must end with. */
async function refusal(options: PostgresStoreOptions): Promise<LatchkeyError> {
  let store: PairingStore
  try {
    store = await postgresStore({ connectTimeoutMs: 10_000, ...options })
  } catch (error) {
    if (error instanceof LatchkeyError) return error
    throw error
  }
  await store.close()
  throw new Error('it opened')
}

describe('processes that start together', () => {
  test('migrate once, and lose nothing of what each writes', async () => {
    const database = await server.database()
    const children = Array.from({ length: 8 }, () => runChild('count-in-postgres.ts', database, '5'))
    expect(await Promise.all(children.map((child) => child.ended))).toEqual(
      Array.from({ length: 8 }, () => 0),
    )
    const store = await postgresStore({ connectionString: database })
    expect(await store.transaction((tx) => tx.setting('total'))).toBe('40')
    await store.close()
    expect(await server.query(database, 'select version from latchkey.latchkey_schema')).toEqual([
      { version: SCHEMA_VERSION },
    ])
  })
})

describe('the tables', () => {
  test('are ordered as SQLite orders them, whatever the database does', async () => {
    const natural = new URL(await server.database())
    natural.pathname = '/natural'
    const icu = "locale_provider icu icu_locale 'en-US' locale 'C.UTF-8'"
    await server.query(url, `create database "natural" template template0 encoding 'UTF8' ${icu}`)
    const database = natural.href
    const [{ first } = { first: false }] = await server.query<{ first: boolean }>(
      database,
      "select 'a' < 'B' as first",
    )
    expect(first).toBe(true)
    const store = await postgresStore({ connectionString: database, schema: 'ordered' })
    const ids = ['a', 'B', 'ä', '_', 'Z', 'b', '-', '💡', '10', '9']
    await store.transaction(async (tx) => {
      for (const id of ids) await tx.putDevice(sampleDevice(id))
    })
    const found = await store.transaction((tx) => tx.devices({ limit: 99 }))
    expect(found.map(({ id }) => id)).toEqual(
      [...ids].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    )
    const paged = await store.transaction((tx) => tx.devices({ after: 'Z', limit: 99 }))
    expect(paged.map(({ id }) => id)).toEqual(['_', 'a', 'b', 'ä', '💡'])
    await store.close()
    const columns = await server.query<{ collation: string }>(
      database,
      "select distinct collation_name as collation from information_schema.columns where table_schema = 'ordered' and data_type = 'text'",
    )
    expect(columns).toEqual([{ collation: 'C' }])
  })

  test('take no NUL, and say so', async () => {
    const store = await postgresStore({ connectionString: url })
    const writing = store.transaction((tx) => tx.putSetting('k', 'a\0b'))
    await expect(writing).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('NUL'),
    })
    await store.close()
  })

  test('keep what one schema has from another, whatever it is called', async () => {
    const names = ['a"; drop schema latchkey cascade; --', 'Büro 7', 'select']
    const stores = await Promise.all(names.map((schema) => postgresStore({ connectionString: url, schema })))
    await Promise.all(stores.map((store, n) => store.transaction((tx) => tx.putSetting('k', String(n)))))
    const kept = await Promise.all(stores.map((store) => store.transaction((tx) => tx.setting('k'))))
    expect(kept).toEqual(['0', '1', '2'])
    await Promise.all(stores.map((store) => store.close()))
  })
})

describe('a newer release', () => {
  test('ends the older ones in the middle of their work, and keeps them out', async () => {
    const database = await server.database()
    const store = await postgresStore({ connectionString: database })
    await store.transaction((tx) => tx.putSetting('k', 'v'))
    await server.query(database, `update latchkey.latchkey_schema set version = ${SCHEMA_VERSION + 1}`)
    const found = { code: 'STORE_NEWER', details: { found: SCHEMA_VERSION + 1, supported: SCHEMA_VERSION } }
    await expect(store.transaction((tx) => tx.putSetting('k', 'w'))).rejects.toMatchObject(found)
    await store.close()
    expect(await refusal({ connectionString: database })).toMatchObject(found)
    const rows = await server.query(database, "select value from latchkey.settings where key = 'k'")
    expect(rows).toEqual([{ value: 'v' }])
  })
})

describe('damage', () => {
  test.each([
    ['a missing table', 'drop table latchkey.grants', /tables are missing: grants/],
    ['no version', 'delete from latchkey.latchkey_schema', /has 0 rows/],
    ['two versions', 'insert into latchkey.latchkey_schema values (1)', /has 2 rows/],
    ['a missing version table', 'drop table latchkey.latchkey_schema', /latchkey_schema is missing/],
  ])('%s is STORE_CORRUPT, and left as it is', async (_name, damage, message) => {
    const database = await server.database()
    const store = await postgresStore({ connectionString: database })
    await server.query(database, damage)
    const corrupt = { code: 'STORE_CORRUPT', message: expect.stringMatching(/pg_restore/) }
    const working = store.transaction((tx) => tx.grants('d1'))
    await expect(working).rejects.toMatchObject(corrupt)
    await store.close()
    const error = await refusal({ connectionString: database })
    expect(error).toMatchObject(corrupt)
    expect(error.message).toMatch(message)
  })

  test('of a kept list is STORE_CORRUPT too', async () => {
    const database = await server.database()
    const store = await postgresStore({ connectionString: database })
    await server.query(
      database,
      "insert into latchkey.invites values ('i', 'h', '{}', null, 'o', 0, 0, 1, 1, null, null)",
    )
    await expect(store.transaction((tx) => tx.invites())).rejects.toMatchObject({ code: 'STORE_CORRUPT' })
    await store.close()
  })
})

describe('what cannot be opened says why', () => {
  test('nobody listens there', async () => {
    const [port = 0] = await freePorts(1)
    const error = await refusal({
      connectionString: `postgres://u:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/x`,
    })
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', details: { retryable: true } })
    expect(error.message).toMatch(
      /database x on 127\.0\.0\.1:\d+\) is not available: no server answers there/,
    )
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('horse')
  })

  test('a wrong password, a user and a database that do not exist; and never with the password', async () => {
    await server.query(url, `create role guarded login password '${PASSWORD}'`)
    await server.allow('host all guarded 127.0.0.1/32 scram-sha-256')
    const { port } = server
    const at = { host: '127.0.0.1', port, user: 'guarded', database: new URL(url).pathname.slice(1) }
    for (const password of ['wrong horse', () => Promise.resolve('wrong horse')]) {
      const error = await refusal({ ...at, password })
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', details: { retryable: false } })
      expect(error.message).toMatch(/does not let this user in.*28P01/)
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('horse')
    }
    const nobody = await refusal({ ...at, user: 'nobody-here' })
    expect(nobody.message).toMatch(/does not let this user in/)
    const nowhere = await refusal({ connectionString: `postgres://postgres@127.0.0.1:${port}/nowhere` })
    expect(nowhere).toMatchObject({
      details: { retryable: false },
      message: expect.stringContaining('no such database'),
    })

    const noRights = await refusal({ ...at, password: PASSWORD, schema: 'forbidden' })
    expect(noRights).toMatchObject({ code: 'STORE_UNAVAILABLE', details: { retryable: false } })
    expect(noRights.message).toMatch(/may not use these tables, or may not make them/)
    await (await postgresStore({ connectionString: url, schema: 'of_another' })).close()
    const ofAnother = await refusal({ ...at, password: PASSWORD, schema: 'of_another' })
    expect(ofAnother.message).toMatch(/may not use these tables/)

    // With the rights on the tables alone it works: who serves need not be who migrates.
    await server.query(url, 'grant usage on schema of_another to guarded')
    await server.query(
      url,
      'grant select, insert, update, delete on all tables in schema of_another to guarded',
    )
    const store = await postgresStore({ ...at, password: PASSWORD, schema: 'of_another' })
    await store.transaction((tx) => tx.putSetting('k', 'v'))
    await store.close()
  })

  test('a database that is not in UTF-8', async () => {
    await server.query(
      url,
      "create database latin template template0 encoding 'LATIN1' lc_collate 'C' lc_ctype 'C'",
    )
    const latin = new URL(url)
    latin.pathname = '/latin'
    const error = await refusal({ connectionString: latin.href })
    expect(error.message).toMatch(/the database is in LATIN1; make one with encoding 'UTF8'/)
  })
})

describe('the clock', () => {
  test('is the server’s, whatever the process believes', async () => {
    const store = await postgresStore({ connectionString: url, schema: 'clock' })
    const [row] = await server.query<{ ms: string }>(
      url,
      'select extract(epoch from clock_timestamp()) * 1000 as ms',
    )
    const nowMs = (await store.transaction((tx) => tx.nowMs())) ?? 0
    expect(Math.abs(nowMs - Number(row?.ms))).toBeLessThan(60_000)
    await store.close()
  })

  test('goes on from where it was when it is set back, on every node and after a new start', async () => {
    const open = () => postgresStore({ connectionString: url, schema: 'clock', listen: false })
    const first = await open()
    const nowMs = (await first.transaction((tx) => tx.nowMs())) ?? 0
    // As if the server's clock had been an hour ahead, and was corrected.
    const HOUR_MS = 3_600_000
    await server.query(url, `update clock.latchkey_clock set floor_ms = ${nowMs + HOUR_MS}`)
    const after = (await first.transaction((tx) => tx.nowMs())) ?? 0
    expect(after).toBeGreaterThanOrEqual(nowMs + HOUR_MS)
    await first.close()
    const second = await open()
    await new Promise((resolve) => setTimeout(resolve, 50))
    const later = (await second.transaction((tx) => tx.nowMs())) ?? 0
    // It runs, and does not stand still for an hour.
    expect(later).toBeGreaterThanOrEqual(after + 40)
    expect(later).toBeLessThan(after + HOUR_MS)
    const reconnect = second.transaction((tx) => tx.nowMs(), { device: 'ffff' })
    expect(await reconnect).toBeGreaterThanOrEqual(later)
    await second.close()
  })
})
