import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import pg from 'pg'
import { LatchkeyError } from '../../lib/errors.ts'
import type { PairingStore } from '../../lib/pairing/pairing-store.ts'
import { postgresStore, type PostgresStoreOptions } from '../../lib/store/postgres/index.ts'
import { startPostgres, type OwnPostgresServer } from '../postgres-server.ts'
import { runChild } from './children/run-child.ts'
import { sampleDevice } from './samples.ts'

jest.setTimeout(180_000)

let server: OwnPostgresServer
beforeAll(async () => {
  server = await startPostgres({ max_connections: '20', superuser_reserved_connections: '0' })
})
afterAll(() => server.stop())

const open = (connectionString: string, more: PostgresStoreOptions = {}) =>
  postgresStore({ connectionString, listen: false, poolSize: 2, ...more })
const totalOf = async (store: PairingStore) =>
  Number((await store.transaction((tx) => tx.setting('total'))) ?? 0)

async function increment(store: PairingStore): Promise<'done' | 'refused' | 'unknown'> {
  try {
    await store.transaction(async (tx) => {
      await tx.putSetting('total', String(Number((await tx.setting('total')) ?? 0) + 1))
    })
    return 'done'
  } catch (error) {
    if (!(error instanceof LatchkeyError)) throw error
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', details: { retryable: true } })
    return error.details?.outcome === 'unknown' ? 'unknown' : 'refused'
  }
}

describe('a server that is stopped and started again under load', () => {
  test.each(['fast', 'immediate'] as const)('(%s) loses nothing that was acknowledged', async (mode) => {
    const url = await server.database()
    const stores = await Promise.all([open(url), open(url)])
    const counts = { done: 0, refused: 0, unknown: 0 }
    const over = new AbortController()
    const load = stores.map(async (store) => {
      while (!over.signal.aborted) {
        const outcome = await increment(store)
        counts[outcome] += 1
        if (outcome !== 'done') await sleep(10)
      }
    })
    const more = async (wanted: number): Promise<void> => {
      const before = counts.done
      while (counts.done < before + wanted) await sleep(5)
    }
    for (let round = 1; round <= 3; round += 1) {
      await more(20)
      const refused = counts.refused + counts.unknown
      await server.halt(mode)
      while (counts.refused + counts.unknown < refused + 2) await sleep(5)
      await server.start()
    }
    await more(20)
    over.abort()
    await Promise.all(load)
    const total = await totalOf(stores[0])
    expect(total).toBeGreaterThanOrEqual(counts.done)
    expect(total).toBeLessThanOrEqual(counts.done + counts.unknown)
    await Promise.all(stores.map((store) => store.close()))
  })
})

/** Cuts a connection when its client says COMMIT: before the server hears it, or before the client hears of it. */
function cuttingProxy(port: number, cut: { at: 'never' | 'before' | 'after' }): Promise<Server> {
  const proxy = createServer((client) => {
    const behind = connect(port, '127.0.0.1')
    let isCut = false
    client.on('data', (piece) => {
      const isCommit = piece.includes('commit\0') && cut.at !== 'never'
      if (isCommit && cut.at === 'before') {
        client.destroy()
        return
      }
      isCut ||= isCommit
      behind.write(piece)
    })
    behind.on('data', (piece) => {
      if (isCut) client.destroy()
      else client.write(piece)
    })
    for (const [one, other] of [
      [client, behind],
      [behind, client],
    ] as const) {
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
    }
  })
  return new Promise((resolve) => proxy.listen(0, '127.0.0.1', () => resolve(proxy)))
}

describe('a connection that is lost in the COMMIT', () => {
  test.each([
    ['before', 0],
    ['after', 1],
  ] as const)('%s the server has heard it is an outcome that nobody knows', async (moment, expected) => {
    const direct = new URL(await server.database())
    const cut: { at: 'never' | 'before' | 'after' } = { at: 'never' }
    const proxy = await cuttingProxy(server.port, cut)
    const url = new URL(direct)
    url.port = String((proxy.address() as AddressInfo).port)
    const store = await open(url.href)
    await totalOf(store)
    cut.at = moment
    const lost = store.transaction((tx) => tx.putSetting('total', '1'))
    await expect(lost).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(/whether it took place is unknown\. Ask again/),
      details: { retryable: true, outcome: 'unknown' },
    })
    cut.at = 'never'
    const watching = await open(direct.href)
    // The server may be in the middle of it.
    for (let n = 0; n < 500 && (await totalOf(watching)) !== expected; n += 1) await sleep(10)
    expect(await totalOf(store)).toBe(expected)
    await Promise.all([store.close(), watching.close()])
    proxy.close()
  })
})

describe('a node that stalls in mid-transaction', () => {
  test('loses it, and keeps the others no longer than that', async () => {
    const url = await server.database()
    const store = await open(url, { lockTimeoutMs: 60_000 })
    const child = runChild('stall-in-postgres.ts', url, '1000')
    while (!child.lines.includes('inside')) await sleep(5)
    child.process.kill('SIGSTOP')
    expect(await increment(store)).toBe('done')
    child.process.kill('SIGCONT')
    expect(await child.ended).toBe(0)
    expect(child.lines).toEqual(['inside', 'STORE_UNAVAILABLE'])
    expect(await totalOf(store)).toBe(1)
    await store.close()
  })

  test('is waited for no longer than lockTimeoutMs', async () => {
    const url = await server.database()
    const store = await open(url, { lockTimeoutMs: 300 })
    const holder = new pg.Client({ connectionString: url })
    await holder.connect()
    await holder.query('begin; lock table latchkey.latchkey_schema in share row exclusive mode')
    for (const hint of [undefined, { device: 'ff' }]) {
      const waiting = store.transaction((tx) => tx.putSetting('total', '1'), hint)
      await expect(waiting).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        message: expect.stringContaining('another process kept it locked for too long'),
        details: { retryable: true },
      })
    }
    await holder.query('rollback')
    await holder.end()
    expect(await increment(store)).toBe('done')
    await store.close()
  })
})

describe('what is used up', () => {
  test('all connections of the server: refused, and works when one is free', async () => {
    const url = await server.database()
    const store = await open(url)
    const clients: pg.Client[] = []
    // The idle one of the store, too, must be gone.
    await server.query(
      url,
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'latchkey'",
    )
    for (;;) {
      const client = new pg.Client({ connectionString: url })
      client.on('error', () => undefined)
      try {
        await client.connect()
      } catch {
        break
      }
      clients.push(client)
    }
    const refused = store.transaction((tx) => tx.putSetting('total', '1'))
    await expect(refused).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('takes no more connections'),
      details: { retryable: true },
    })
    await Promise.all(clients.map((client) => client.end()))
    while ((await increment(store)) !== 'done') await sleep(20)
    await store.close()
  })

  test('the turns of one process: those that wait too long are refused, the others run', async () => {
    const store = await open(await server.database(), { waitTimeoutMs: 300 })
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => (release = resolve))
    const slow = store.transaction(async (tx) => {
      await held
      await tx.putSetting('total', '7')
    })
    await expect(store.transaction((tx) => tx.putSetting('total', '8'))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('300 ms passed'),
      details: { retryable: true },
    })
    release()
    await slow
    expect(await totalOf(store)).toBe(7)
    await store.close()
  })
})

describe('a server that becomes a standby', () => {
  test('is refused as long as it is one', async () => {
    const url = await server.database()
    const store = await open(url)
    const signal = path.join(server.folder, 'data', 'standby.signal')
    await server.halt('fast')
    writeFileSync(signal, '')
    chmodSync(signal, 0o644)
    await server.start()
    const standby = {
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(/read-only/),
      details: { retryable: true },
    }
    let error: unknown
    // The first one may find that its connection has ended.
    for (let n = 0; n < 3; n += 1)
      error = await increment(store).then(
        () => null,
        (thrown: unknown) => thrown,
      )
    await expect(store.transaction((tx) => tx.putSetting('k', 'v'))).rejects.toMatchObject(standby)
    expect(error).toBeNull()
    await expect(open(url)).rejects.toMatchObject(standby)
    await server.halt('fast')
    rmSync(signal)
    await server.start()
    while ((await increment(store)) !== 'done') await sleep(20)
    await store.close()
  })
})

describe('when the disk of the server is full', () => {
  const disk = mkdtempSync(path.join(tmpdir(), 'latchkey-pg-disk-'))
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16m,mode=0777', 'tmpfs', disk], {
    encoding: 'utf8',
  })
  const isMounted = mount.status === 0
  afterAll(() => {
    if (isMounted) spawnSync('umount', ['-l', disk])
    rmSync(disk, { recursive: true, force: true })
  })
  if (!isMounted)
    console.warn(`SKIPPED: a full disk needs a small tmpfs, and it cannot be mounted: ${mount.stderr}`)
  const whenMounted = isMounted || process.env['CI'] === 'true' ? test : test.skip

  whenMounted('a transaction is rolled back, and works once there is space', async () => {
    const plain = await server.database()
    const space = path.join(disk, 'space')
    await server.query(plain, `copy (select 1) to program 'mkdir -p ${space}'`)
    await server.query(plain, `create tablespace small location '${space}'`)
    await server.query(plain, 'create database on_small template template0 tablespace small')
    const url = new URL(plain)
    url.pathname = '/on_small'
    const store = await open(url.href)
    await store.transaction((tx) => tx.putSetting('total', '1'))
    const ballast = path.join(disk, 'ballast')
    const { bavail, bsize } = statfsSync(disk)
    writeFileSync(ballast, Buffer.alloc(bavail * bsize - (1 << 20)))
    const large = store.transaction(async (tx) => {
      await tx.putSetting('total', '2')
      for (let n = 0; n < 400; n += 1) await tx.putDevice(sampleDevice(`d${n}`, { displayName: noise(7000) }))
    })
    await expect(large).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('its disk is full'),
      details: { retryable: true },
    })
    expect(await totalOf(store)).toBe(1)
    expect(await store.transaction((tx) => tx.devices({ limit: 1 }))).toEqual([])
    rmSync(ballast)
    await store.transaction((tx) => tx.putSetting('total', '3'))
    expect(await totalOf(store)).toBe(3)
    await store.close()
  })
})

/** Text that does not become shorter when it is packed. */
function noise(length: number): string {
  return Array.from({ length }, () => String.fromCharCode(33 + Math.floor(Math.random() * 90))).join('')
}
