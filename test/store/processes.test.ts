import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, jest, test } from '@jest/globals'
import Database from 'better-sqlite3'
import { sqliteStore } from '../../lib/store/index.ts'
import { runChild } from './children/run-child.ts'
import { photograph, scratchFolders } from './scratch-folder.ts'

const scratch = scratchFolders()
// Dozens of processes are started and killed.
jest.setTimeout(120_000)

test('several processes that write at the same time lose nothing', async () => {
  const file = path.join(scratch(), 'store.db')
  // No store yet: all of them try to create it, too.
  const children = [1, 2, 3].map(() => runChild('increment.ts', file, '150'))
  const store = await sqliteStore(file)
  for (let n = 0; n < 150; n++) {
    await store.transaction(async (tx) => {
      const total = Number((await tx.setting('total')) ?? 0)
      await tx.putSetting('total', String(total + 1))
    })
  }
  expect(await Promise.all(children.map((child) => child.ended))).toEqual([0, 0, 0])
  expect(await store.transaction((tx) => tx.setting('total'))).toBe('600')
  await store.close()
  expect(readdirSync(path.dirname(file))).toEqual(['store.db'])
})

test('a store can be opened, and is found sound, while another process writes to it', async () => {
  const file = path.join(scratch(), 'store.db')
  await (await sqliteStore(file)).close()
  const writer = runChild('pair-until-killed.ts', file, '0')
  while (writer.lines.length < 10) await sleep(5)
  for (let n = 0; n < 30; n++) await (await sqliteStore(file)).close()
  const soFar = writer.lines.length
  while (writer.lines.length < soFar + 10) await sleep(5)
  writer.process.kill('SIGKILL')
  await writer.ended
})

test('opening a store a second time does not give up the locks of the first', async () => {
  const locks = () =>
    readFileSync('/proc/locks', 'utf8')
      .split('\n')
      .filter((lock) => lock.includes(` ${process.pid} `))
  const file = path.join(scratch(), 'store.db')
  const first = await sqliteStore(file)
  await first.transaction((tx) => tx.putSetting('total', '1'))
  const before = process.platform === 'linux' ? locks().length : 0
  const second = await sqliteStore(file)
  if (process.platform === 'linux') {
    // On the database, and on -shm.
    expect([before, locks().length]).toEqual([2, 2])
  }
  expect(await runChild('increment.ts', file, '1').ended).toBe(0)
  expect(existsSync(`${file}-wal`)).toBe(true)
  expect(await first.transaction((tx) => tx.setting('total'))).toBe('2')
  await Promise.all([first.close(), second.close()])
  expect(readdirSync(path.dirname(file))).toEqual(['store.db'])
})

test('a process killed in mid-transaction leaves whole transactions and all committed ones, 20 times', async () => {
  const file = path.join(scratch(), 'store.db')
  let killedWithin = 0
  for (let round = 0; round < 20; round++) {
    const child = runChild('pair-until-killed.ts', file, String(round))
    while (child.lines.length < 2 + Math.random() * 40) await sleep(1)
    child.process.kill('SIGKILL')
    expect(await child.ended).toBe('SIGKILL')
    if (child.lines.at(-1)?.startsWith('writing') === true) killedWithin++

    const store = await sqliteStore(file)
    await store.transaction(async (tx) => {
      const devices = await tx.devices({ limit: 10_000 })
      expect(await tx.setting('total')).toBe(String(devices.length))
      for (const { id } of devices) {
        expect((await tx.grants(id)).map((grant) => grant.role)).toEqual(['a', 'b', 'c'])
        expect(await tx.tokens(id)).toHaveLength(1)
      }
      const committed = child.lines.filter((line) => line.startsWith('committed '))
      for (const line of committed) expect(await tx.device(line.slice('committed '.length))).not.toBeNull()
    })
    await store.close()
  }
  expect(killedWithin).toBeGreaterThan(0)
  const database = new Database(file)
  expect(database.pragma('integrity_check', { simple: true })).toBe('ok')
  database.close()
})

describe('without permission', () => {
  const NOBODY = 65534
  const uid = process.geteuid?.() === 0 ? NOBODY : (process.geteuid?.() ?? 0)

  async function openAs(file: string): Promise<{ code: string; message?: string }> {
    const child = runChild('open-as.ts', file, String(uid))
    expect(await child.ended).toBe(0)
    return JSON.parse(child.lines.join('\n')) as { code: string; message?: string }
  }

  /** A folder and a sound store in it, both of the user that the child runs as. */
  async function ownStore(): Promise<string> {
    const folder = scratch()
    const file = path.join(folder, 'store.db')
    await (await sqliteStore(file)).close()
    for (const entry of [folder, file])
      chownSync(entry, uid, uid === NOBODY ? NOBODY : (process.getgid?.() ?? 0))
    return file
  }

  test('nothing is refused when there is permission', async () => {
    expect(await openAs(await ownStore())).toEqual({ code: 'opened' })
  })

  test.each([
    ['a file that may not be read', 0o000, 0o755],
    ['a file that may only be read', 0o400, 0o755],
    ['a folder that may only be read', 0o600, 0o555],
    ['a folder that may not be entered', 0o600, 0o600],
  ])('%s is refused and left as it is', async (_name, fileMode, folderMode) => {
    const file = await ownStore()
    const folder = path.dirname(file)
    chmodSync(file, fileMode)
    chmodSync(folder, folderMode)
    const before = process.geteuid?.() === 0 ? photograph(folder) : {}
    const outcome = await openAs(file)
    expect(outcome).toMatchObject({ code: 'STORE_UNAVAILABLE', message: expect.stringContaining(file) })
    expect(outcome.message).toMatch(/owner or the permissions|only be read|could not be opened/)
    if (process.geteuid?.() === 0) expect(photograph(folder)).toEqual(before)
    chmodSync(folder, 0o755)
  })

  test('a folder where nothing may be made is refused, and nothing is left in it', async () => {
    const folder = path.dirname(await ownStore())
    chmodSync(folder, 0o555)
    const inside = path.join(folder, 'new.db')
    expect(await openAs(inside)).toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(await openAs(path.join(folder, 'deeper', 'new.db'))).toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(readdirSync(folder)).toEqual(['store.db'])
    chmodSync(folder, 0o755)
    mkdirSync(path.join(folder, 'deeper'))
  })
})
