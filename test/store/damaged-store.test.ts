import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import Database from 'better-sqlite3'
import { sqliteStore } from '../../lib/store/index.ts'
import { sampleDevice, sampleGrant, sampleRequest } from './samples.ts'
import { photograph, scratchFolders } from './scratch-folder.ts'

const scratch = scratchFolders()
let healthy: string
let pages: number

beforeAll(async () => {
  healthy = path.join(scratch(), 'healthy.db')
  const store = await sqliteStore(healthy)
  await store.transaction(async (tx) => {
    for (let n = 100; n < 300; n++) {
      await tx.putDevice(sampleDevice(`device-${n}`))
      await tx.putGrant(sampleGrant(`device-${n}`))
      await tx.putRequest(sampleRequest(`request-${n}`, `device-${n}`))
    }
  })
  await store.close()
  pages = readFileSync(healthy).length / 4096
})

/** A store in a folder of its own, damaged by `damage`. */
function damagedStore(damage: (file: string) => void): string {
  const file = path.join(scratch(), 'store.db')
  copyFileSync(healthy, file)
  damage(file)
  return file
}

async function expectRefusal(file: string, code: string, found: RegExp): Promise<void> {
  const folder = path.dirname(file)
  const before = photograph(folder)
  const copies = () => readdirSync(tmpdir()).filter((name) => name.startsWith(`latchkey-${process.pid}-`))
  const copiesBefore = copies()
  const refusal = await sqliteStore(file).then(
    async (store) => {
      await store.close()
      return undefined
    },
    (error: unknown) => error as Error,
  )
  expect(refusal).toMatchObject({ name: 'LatchkeyError', code })
  expect(refusal?.message).toContain(file)
  expect(refusal?.message).toMatch(found)
  if (code === 'STORE_CORRUPT') {
    expect(refusal?.message).toMatch(/left as it is.*Restore a backup.*every device must then pair again/)
  }
  expect(photograph(folder)).toEqual(before)
  expect(copies().filter((name) => !copiesBefore.includes(name))).toEqual([])
}

function edit(file: string, change: (content: Buffer) => void): void {
  const content = readFileSync(file)
  change(content)
  writeFileSync(file, content)
}

/** Runs SQL on the file and leaves it as one file, without a log. */
function alter(file: string, sql: string): void {
  const database = new Database(file)
  database.exec(sql)
  database.close()
}

describe('a damaged store stops the start and is left as it is', () => {
  const cases: [string, (file: string) => void, RegExp][] = [
    ['an empty file', (file) => truncateSync(file, 0), /is empty \(0 bytes\)/],
    ['random bytes', (file) => writeFileSync(file, randomBytes(20_000)), /is not a SQLite database/],
    ['a text', (file) => writeFileSync(file, '{"devices":[]}\n'), /is not a SQLite database/],
    ['a damaged magic', (file) => edit(file, (all) => all.fill(0, 3, 5)), /is not a SQLite database/],
    ['a page of zeros at the start', (file) => edit(file, (all) => all.fill(0, 0, 4096)), /cannot be used/],
    [
      'the database of another program',
      (file) => alter(file, 'pragma application_id = 7'),
      /not Latchkey's.* 7/,
    ],
    ['one without its tables', (file) => alter(file, 'drop table latchkey_schema'), /no such table/],
    ['one without a version', (file) => alter(file, 'delete from latchkey_schema'), /schema version/],
    [
      'a grant of nobody',
      (file) => alter(file, 'pragma foreign_keys=0; delete from devices'),
      /belong to no/,
    ],
  ]
  test.each(cases)('%s', async (_name, damage, found) => {
    await expectRefusal(damagedStore(damage), 'STORE_CORRUPT', found)
  })

  test('a database that is valid but somebody else’s', async () => {
    const file = path.join(scratch(), 'store.db')
    alter(file, 'create table devices (id text primary key)')
    await expectRefusal(file, 'STORE_CORRUPT', /not Latchkey's \(application_id 0\)/)
  })

  test.each([1, 15, 99, 100, 511, 512, 1000, 4095, 4096, 8192, 20_000, -4096, -4095, -1])(
    'cut off at %d bytes',
    async (length) => {
      const file = damagedStore((whole) => truncateSync(whole, length > 0 ? length : pages * 4096 + length))
      await expectRefusal(file, 'STORE_CORRUPT', /cannot be used/)
    },
  )

  test('flipped bytes at the head of any page', async () => {
    expect(pages).toBeGreaterThan(30)
    for (let page = 0; page < pages; page++) {
      const file = damagedStore((whole) =>
        edit(whole, (all) => {
          for (let at = page * 4096; at < page * 4096 + 8; at++) all[at] = (all[at] ?? 0) ^ 0xff
        }),
      )
      await expectRefusal(file, 'STORE_CORRUPT', /cannot be used/)
    }
  })

  test('one flipped bit in an index, which quick_check would not see', async () => {
    const file = damagedStore((whole) =>
      edit(whole, (all) => {
        // Its last copy is in an index: the table's row has a display name near it.
        const places = [...all.toString('latin1').matchAll(/device-250/g)].map((match) => match.index)
        const inIndex = places.find((at) => !all.toString('latin1', at, at + 60).includes('key-of-'))
        all[(inIndex ?? 0) + 8] = 0x37
      }),
    )
    const database = new Database(file)
    expect(database.pragma('quick_check', { simple: true })).toBe('ok')
    database.close()
    await expectRefusal(file, 'STORE_CORRUPT', /integrity_check: .*index/)
  })

  test('a schema that a newer release wrote', async () => {
    const file = damagedStore((whole) => alter(whole, 'update latchkey_schema set version = 7'))
    await expectRefusal(file, 'STORE_NEWER', /version 7, but this Latchkey knows versions up to 1/)
  })
})

describe('the log beside a store', () => {
  /** What a killed process leaves behind: the file and its -wal. */
  async function killedStore(): Promise<string> {
    const live = path.join(scratch(), 'live.db')
    copyFileSync(healthy, live)
    const store = await sqliteStore(live)
    await store.transaction((tx) => tx.putSetting('last', 'words'))
    const file = path.join(scratch(), 'store.db')
    for (const suffix of ['', '-wal', '-shm']) copyFileSync(live + suffix, file + suffix)
    await store.close()
    return file
  }

  test('is replayed when the store is sound', async () => {
    const store = await sqliteStore(await killedStore())
    expect(await store.transaction((tx) => tx.setting('last'))).toBe('words')
    await store.close()
  })

  test('is left as it is when the store is damaged, or newer in the log only', async () => {
    const file = await killedStore()
    edit(file, (all) => all.fill(0xff, 5 * 4096, 5 * 4096 + 8))
    await expectRefusal(file, 'STORE_CORRUPT', /integrity_check/)

    const live = path.join(scratch(), 'live.db')
    copyFileSync(healthy, live)
    const database = new Database(live)
    database.exec('update latchkey_schema set version = 9')
    const newer = path.join(scratch(), 'store.db')
    for (const suffix of ['', '-wal']) copyFileSync(live + suffix, newer + suffix)
    database.close()
    await expectRefusal(newer, 'STORE_NEWER', /version 9/)
  })

  test('alone, without its database, is not taken into a new one', async () => {
    const file = await killedStore()
    rmSync(file)
    await expectRefusal(file, 'STORE_CORRUPT', /is missing, but .*-wal is there/)
  })
})

describe('what is not a file', () => {
  const cases: [string, (file: string) => void, RegExp][] = [
    ['a directory', (file) => mkdirSync(file), /is a directory/],
    ['a pipe', (file) => execFileSync('mkfifo', [file]), /not a regular file/],
  ]
  test.each(cases)('%s is refused', async (_name, make, found) => {
    const file = path.join(scratch(), 'store.db')
    make(file)
    await expectRefusal(file, 'STORE_UNAVAILABLE', found)
  })

  test('a path through a file is refused', async () => {
    const file = path.join(
      damagedStore(() => undefined),
      'store.db',
    )
    await expect(sqliteStore(file)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('not a directory'),
      cause: { code: 'ENOTDIR' },
    })
  })
})

test('a start anew works as the message says: move the file away', async () => {
  const file = damagedStore((whole) => truncateSync(whole, 5000))
  await expectRefusal(file, 'STORE_CORRUPT', /move it away/)
  renameSync(file, `${file}.damaged`)
  const store = await sqliteStore(file)
  expect(await store.transaction((tx) => tx.devices({ limit: 9 }))).toEqual([])
  await store.close()
})
