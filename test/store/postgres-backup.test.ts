import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { postgresStore } from '../../lib/store/postgres/index.ts'
import { postgresPrograms, startPostgres, type OwnPostgresServer } from '../postgres-server.ts'
import { sampleDevice, sampleGrant } from './samples.ts'
import { scratchFolders } from './scratch-folder.ts'

jest.setTimeout(120_000)
const scratch = scratchFolders()
const program = (name: string) => path.join(postgresPrograms() ?? '', name)
const run = promisify(execFile)

let server: OwnPostgresServer
beforeAll(async () => {
  server = await startPostgres({ fsync: 'off' })
})
afterAll(() => server.stop())

test('what the documentation says copies a store while it serves, and puts it back whole', async () => {
  const url = await server.database()
  const store = await postgresStore({ connectionString: url })
  let made = 0
  const over = new AbortController()
  const serving = (async () => {
    while (!over.signal.aborted) {
      await store.transaction(async (tx) => {
        made += 1
        await tx.putDevice(sampleDevice(`d${made}`))
        await tx.putGrant(sampleGrant(`d${made}`, { id: `g${made}` }))
        await tx.putSetting('total', String(made))
      })
    }
  })()
  while (made < 20) await new Promise((resolve) => setTimeout(resolve, 5))
  const dump = path.join(scratch(), 'latchkey.dump')
  await run(program('pg_dump'), ['--format=custom', '--schema=latchkey', `--file=${dump}`, url])
  over.abort()
  await serving
  await store.close()

  await server.query(url, 'alter schema latchkey rename to latchkey_before')
  await run(program('pg_restore'), ['--exit-on-error', '--single-transaction', `--dbname=${url}`, dump])
  const restored = await postgresStore({ connectionString: url })
  await restored.transaction(async (tx) => {
    const devices = await tx.devices({ limit: 100_000 })
    expect(devices.length).toBeGreaterThanOrEqual(20)
    expect(await tx.setting('total')).toBe(String(devices.length))
    for (const { id } of devices) expect(await tx.grants(id)).toHaveLength(1)
  })
  await restored.transaction((tx) => tx.putSetting('total', 'goes on'))
  await restored.close()
})
