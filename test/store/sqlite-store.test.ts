import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import Database from 'better-sqlite3'
import { sqliteStore } from '../../lib/store/index.ts'
import { openDatabase } from '../../lib/store/sqlite-dialect.ts'
import { pairingStoreContract } from './contract.ts'
import { sampleDevice, sampleRequest } from './samples.ts'
import { scratchFolders } from './scratch-folder.ts'

const scratch = scratchFolders()

pairingStoreContract('sqliteStore', () => sqliteStore(path.join(scratch(), 'store.db')))

const mode = (file: string) => statSync(file).mode & 0o777

describe('a new SQLite store', () => {
  test('makes missing folders with mode 0700 and its files with 0600, and leaves nothing else', async () => {
    const folder = scratch()
    const file = path.join(folder, 'a', 'b', 'store.db')
    const store = await sqliteStore(file)
    await store.transaction((tx) => tx.putSetting('k', 'v'))
    expect([mode(path.join(folder, 'a')), mode(path.join(folder, 'a', 'b'))]).toEqual([0o700, 0o700])
    expect(readdirSync(path.dirname(file)).sort()).toEqual(['store.db', 'store.db-shm', 'store.db-wal'])
    for (const suffix of ['', '-wal', '-shm']) expect(mode(file + suffix)).toBe(0o600)
    await store.close()
    expect(readdirSync(path.dirname(file))).toEqual(['store.db'])
  })

  test('leaves the mode of a folder that exists, and takes others’ rights on the file away', async () => {
    const folder = scratch()
    const file = path.join(folder, 'store.db')
    await (await sqliteStore(file)).close()
    expect(mode(folder)).toBe(0o755)
    chmodSync(file, 0o644)
    const store = await sqliteStore(file)
    expect(mode(file)).toBe(0o600)
    await store.close()
  })

  test('can be asked for twice at the same time', async () => {
    const file = path.join(scratch(), 'store.db')
    const stores = await Promise.all([sqliteStore(file), sqliteStore(file), sqliteStore(file)])
    await Promise.all(stores.map((store, n) => store.transaction((tx) => tx.putSetting(`k${n}`, 'v'))))
    const read = await Promise.all(stores.map((store) => store.transaction((tx) => tx.setting('k2'))))
    expect(read).toEqual(['v', 'v', 'v'])
    await Promise.all(stores.map((store) => store.close()))
    expect(readdirSync(path.dirname(file))).toEqual(['store.db'])
  })
})

describe('a SQLite store', () => {
  test('writes ahead, syncs at every commit, and enforces references', async () => {
    const file = path.join(scratch(), 'store.db')
    await (await sqliteStore(file)).close()
    const database = openDatabase(file, 1234)
    const settings = ['journal_mode', 'synchronous', 'foreign_keys', 'busy_timeout']
    const values = settings.map((name) => database.pragma(name, { simple: true }))
    database.close()
    const FULL = 2
    expect(values).toEqual(['wal', FULL, 1, 1234])
  })

  test('is still there after closing and opening, also through a symbolic link', async () => {
    const folder = scratch()
    const file = path.join(folder, 'store.db')
    const first = await sqliteStore(file)
    await first.transaction(async (tx) => {
      await tx.putDevice(sampleDevice('d1'))
      await tx.putRequest(sampleRequest('r1', 'd1'))
    })
    await first.close()
    mkdirSync(path.join(folder, 'elsewhere'))
    symlinkSync(file, path.join(folder, 'elsewhere', 'link.db'))
    const second = await sqliteStore(path.join(folder, 'elsewhere', 'link.db'))
    await second.transaction(async (tx) => {
      expect(await tx.device('d1')).toEqual(sampleDevice('d1'))
      expect(await tx.pendingRequests(9)).toEqual([sampleRequest('r1', 'd1')])
    })
    expect(existsSync(`${file}-wal`)).toBe(true)
    await second.close()
  })

  test('waits for a lock without stopping the event loop, then rejects with STORE_UNAVAILABLE', async () => {
    const file = path.join(scratch(), 'store.db')
    const store = await sqliteStore(file, { busyTimeoutMs: 200 })
    const other = new Database(file)
    other.exec('begin immediate')
    let ticks = 0
    const ticking = setInterval(() => ticks++, 5)
    const blocked = store.transaction((tx) => tx.putSetting('k', 'blocked'))
    await expect(blocked).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(/store\.db is not available: another process keeps it locked/),
      cause: { code: 'SQLITE_BUSY' },
      details: { retryable: true },
    })
    expect(ticks).toBeGreaterThan(10)
    const waiting = store.transaction((tx) => tx.putSetting('k', 'waited'))
    setTimeout(() => other.exec('commit'), 50)
    await waiting
    clearInterval(ticking)
    expect(await store.transaction((tx) => tx.setting('k'))).toBe('waited')
    other.close()
    await store.close()
  })

  test('does not let another process’s transaction in between', async () => {
    const file = path.join(scratch(), 'store.db')
    const store = await sqliteStore(file)
    const other = new Database(file, { timeout: 0 })
    await store.transaction(async (tx) => {
      await tx.setting('k')
      // Only read so far: a deferred transaction would let this one in.
      expect(() => other.exec('begin immediate')).toThrow('database is locked')
    })
    other.close()
    await store.close()
  })

  test('keeps one pending request per device and no grant without a device whoever writes', async () => {
    const file = path.join(scratch(), 'store.db')
    const store = await sqliteStore(file)
    await store.transaction((tx) => tx.putRequest(sampleRequest('r1', 'd1')))
    await store.close()
    const database = new Database(file)
    const copy = database.prepare('select * from requests').get() as Record<string, unknown>
    const names = Object.keys(copy)
    const insert = database.prepare(`insert into requests values (${names.map((name) => `@${name}`).join()})`)
    expect(() => insert.run({ ...copy, id: 'r2' })).toThrow('UNIQUE constraint failed: requests.device_id')
    expect(() => insert.run({ ...copy, id: 'r2', state: 'pendign' })).toThrow('CHECK constraint failed')
    insert.run({ ...copy, id: 'r2', state: 'expired' })
    const token = () =>
      database.exec(
        "insert into tokens values ('nobody', 'operator', 'h', null, '[]', 0, 1, null, null, null)",
      )
    expect(token).toThrow('FOREIGN KEY constraint failed')
    database.close()
  })

  test('ends an older release in the middle of its work when a newer one has migrated', async () => {
    const file = path.join(scratch(), 'store.db')
    const store = await sqliteStore(file)
    await store.transaction((tx) => tx.putSetting('k', 'v'))
    const newer = new Database(file)
    newer.exec('update latchkey_schema set version = version + 1')
    const late = store.transaction((tx) => tx.putSetting('k', 'w'))
    await expect(late).rejects.toMatchObject({ code: 'STORE_NEWER' })
    expect(newer.prepare("select value from settings where key = 'k'").pluck().get()).toBe('v')
    newer.close()
    await store.close()
  })

  test('says STORE_CORRUPT when a stored list is not one', async () => {
    const file = path.join(scratch(), 'store.db')
    const store = await sqliteStore(file)
    await store.transaction((tx) => tx.putRequest(sampleRequest('r1', 'd1')))
    const other = new Database(file)
    for (const asks of ['[', '{}', '[{"role":1,"scopes":[]}]', '[{"role":"a","scopes":[1]}]']) {
      other.prepare('update requests set asks = ?').run(asks)
      const reading = store.transaction((tx) => tx.request('r1'))
      await expect(reading).rejects.toMatchObject({ code: 'STORE_CORRUPT' })
    }
    other.close()
    await store.close()
  })
})

describe('sqliteStore() refuses', () => {
  const cases: [string, string, object, string, RegExp][] = [
    ['memory', ':memory:', {}, 'OPTION_INVALID', /memoryStore\(\)/],
    ['nothing', '', {}, 'OPTION_INVALID', /not empty/],
    ['a URL', 'file:/tmp/store.db', {}, 'OPTION_INVALID', /fileURLToPath/],
    ['white space that SQLite would drop', '/tmp/store.db ', {}, 'OPTION_INVALID', /white space/],
    ['a NUL', '/tmp/store\0.db', {}, 'OPTION_INVALID', /NUL/],
    ['an unknown option', '/tmp/store.db', { busyTimeout: 1 }, 'OPTION_UNKNOWN', /busyTimeoutMs/],
    [
      'a time-out that is no number of ms',
      '/tmp/store.db',
      { busyTimeoutMs: -1 },
      'OPTION_INVALID',
      /busyTimeoutMs/,
    ],
  ]
  test.each(cases)('%s', async (_name, file, options, code, message) => {
    const opening = sqliteStore(file, options)
    await expect(opening).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  })
})
