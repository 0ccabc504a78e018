import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { PairingStore } from '../../lib/pairing/pairing-store.ts'
import { backupStore, restoreStore, sqliteStore } from '../../lib/store/index.ts'
import { sampleDevice } from './samples.ts'
import { scratchFolders } from './scratch-folder.ts'

const scratch = scratchFolders()
let folder: string
let file: string
let store: PairingStore
beforeEach(async () => {
  folder = scratch()
  file = path.join(folder, 'latchkey.db')
  store = await sqliteStore(file)
  await store.transaction((tx) => tx.putDevice(sampleDevice('d1')))
})
afterEach(() => store.close())

async function devicesIn(name: string): Promise<string[]> {
  const opened = await sqliteStore(name)
  try {
    return (await opened.transaction((tx) => tx.devices({ limit: 1000 }))).map((device) => device.id)
  } finally {
    await opened.close()
  }
}

describe('a backup', () => {
  test('is one whole file of mode 0600, made while the store is in use', async () => {
    const target = path.join(folder, 'backup.db')
    const writing = Promise.all(
      Array.from({ length: 50 }, (_, n) => store.transaction((tx) => tx.putDevice(sampleDevice(`e${n}`)))),
    )
    const seen: number[] = []
    const backup = await backupStore(file, target, ({ pages }) => seen.push(pages))
    await writing
    expect(backup).toEqual({ file: target, bytes: statSync(target).size })
    expect(statSync(target).mode & 0o777).toBe(0o600)
    expect(seen.length).toBeGreaterThan(0)
    expect(readdirSync(folder).filter((name) => name.startsWith('backup'))).toEqual(['backup.db'])
    expect(await devicesIn(target)).toContain('d1')
    expect(await store.transaction((tx) => tx.devices({ limit: 1000 }))).toHaveLength(51)
  })

  test('has what was committed before it, which may still stand in the log', async () => {
    await store.transaction((tx) => tx.putDevice(sampleDevice('d2')))
    await backupStore(file, path.join(folder, 'backup.db'))
    expect(await devicesIn(path.join(folder, 'backup.db'))).toEqual(['d1', 'd2'])
  })

  test('replaces no file, and leaves nothing behind when it fails', async () => {
    const target = path.join(folder, 'backup.db')
    writeFileSync(target, 'something else')
    await expect(backupStore(file, target)).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    expect(readFileSync(target, 'utf8')).toBe('something else')
    const missing = backupStore(path.join(folder, 'nothing.db'), path.join(folder, 'other.db'))
    await expect(missing).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(readdirSync(folder).filter((name) => /part|other/.test(name))).toEqual([])
  })

  test('of a damaged store is none', async () => {
    await store.close()
    const damaged = path.join(folder, 'damaged.db')
    copyFileSync(file, damaged)
    truncateSync(damaged, 8192)
    const target = path.join(folder, 'backup.db')
    await expect(backupStore(damaged, target)).rejects.toMatchObject({ code: 'STORE_CORRUPT' })
    expect(existsSync(target)).toBe(false)
  })
})

describe('restoring', () => {
  test('puts the backup in place, and moves aside what was there', async () => {
    const backup = path.join(folder, 'backup.db')
    await backupStore(file, backup)
    await store.transaction((tx) => tx.putDevice(sampleDevice('later')))
    await store.close()
    const { movedTo } = await restoreStore(backup, file)
    expect(await devicesIn(file)).toEqual(['d1'])
    expect(await devicesIn(String(movedTo))).toEqual(['d1', 'later'])
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(await devicesIn(backup)).toEqual(['d1'])
  })

  test('where there was nothing makes the store', async () => {
    const backup = path.join(folder, 'backup.db')
    await backupStore(file, backup)
    const fresh = path.join(folder, 'fresh.db')
    expect(await restoreStore(backup, fresh)).toEqual({ file: fresh, movedTo: null })
    expect(await devicesIn(fresh)).toEqual(['d1'])
  })

  test('of something that is no whole store changes nothing', async () => {
    const bad = path.join(folder, 'bad.db')
    writeFileSync(bad, 'no database')
    await store.close()
    const before = readFileSync(file)
    await expect(restoreStore(bad, file)).rejects.toMatchObject({ code: 'STORE_CORRUPT' })
    expect(readFileSync(file).equals(before)).toBe(true)
    expect(readdirSync(folder).filter((name) => /part|before-restore/.test(name))).toEqual([])
  })

  test('over a store that is open is refused, here and in another process', async () => {
    const backup = path.join(folder, 'backup.db')
    await backupStore(file, backup)
    await expect(restoreStore(backup, file)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('Stop the gateway first'),
    })
    await store.close()
    const holder = spawn(process.execPath, ['-e', `require('fs').openSync(${JSON.stringify(file)}); console.log('open'); setTimeout(() => {}, 60000)`]) // prettier-ignore
    await once(holder.stdout, 'data')
    try {
      await expect(restoreStore(backup, file)).rejects.toMatchObject({
        message: expect.stringContaining(`pid ${holder.pid}`),
      })
    } finally {
      holder.kill()
    }
    expect(await devicesIn(file)).toEqual(['d1'])
  })
})
