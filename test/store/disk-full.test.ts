import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import { sqliteStore } from '../../lib/store/index.ts'
import { sampleDevice, sampleGrant } from './samples.ts'
import { scratchFolders } from './scratch-folder.ts'

// Declared first, so that it runs before the folder is removed.
afterAll(() => {
  if (isMounted) spawnSync('umount', [disk])
})
const disk = path.join(scratchFolders()(), 'disk')
mkdirSync(disk)
const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=0755', 'tmpfs', disk], {
  encoding: 'utf8',
})
const isMounted = mount.status === 0
if (!isMounted) {
  console.warn(
    `SKIPPED: a full disk needs a small tmpfs, and it cannot be mounted: ${mount.stderr || String(mount.error)}`,
  )
}
const whenMounted = isMounted || process.env['CI'] === 'true' ? test : test.skip

/** Takes all the space there is, and gives it back when called. */
function fillDisk(): () => void {
  const ballast = path.join(disk, 'ballast')
  for (let size = 1 << 20; size >= 512; size /= 2) {
    try {
      for (;;) writeFileSync(ballast, Buffer.alloc(size), { flag: 'a' })
    } catch {
      // As much as fits has been written; smaller pieces fill the rest.
    }
  }
  return () => rmSync(ballast)
}

describe('when the disk is full', () => {
  whenMounted(
    'a transaction is rolled back with STORE_UNAVAILABLE, and works once there is space',
    async () => {
      expect(mount.stderr).toBe('')
      const store = await sqliteStore(path.join(disk, 'store.db'))
      await store.transaction((tx) => tx.putSetting('written', 'before'))
      const free = fillDisk()
      const before = await store.transaction((tx) => tx.setting('written'))
      const large = store.transaction(async (tx) => {
        await tx.putSetting('written', 'in part')
        for (let n = 0; n < 2000; n++) {
          await tx.putDevice(sampleDevice(`device-${n}`, { displayName: 'x'.repeat(5000) }))
          await tx.putGrant(sampleGrant(`device-${n}`))
        }
      })
      await expect(large).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        message: expect.stringMatching(/store\.db is not available: .*full/),
        cause: { code: expect.stringMatching(/^SQLITE_(FULL|IOERR)/) },
        details: { retryable: true },
      })
      const between = await store.transaction(async (tx) => [
        await tx.setting('written'),
        await tx.devices({ limit: 1 }),
      ])
      expect([before, between]).toEqual(['before', ['before', []]])
      free()
      await store.transaction((tx) => tx.putSetting('written', 'after'))
      expect(await store.transaction((tx) => tx.setting('written'))).toBe('after')
      await store.close()
      const again = await sqliteStore(path.join(disk, 'store.db'))
      expect(await again.transaction((tx) => tx.setting('written'))).toBe('after')
      await again.close()
    },
  )

  whenMounted('a new store is refused and nothing is left of it', async () => {
    const free = fillDisk()
    const opening = sqliteStore(path.join(disk, 'new.db'))
    await expect(opening).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('full'),
      details: { retryable: true },
    })
    expect(readdirSync(disk).filter((name) => name.startsWith('new.db'))).toEqual([])
    free()
  })
})
