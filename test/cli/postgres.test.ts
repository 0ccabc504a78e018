import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals'
import { startPostgres, type OwnPostgresServer } from '../postgres-server.ts'
import { MAIN, runCli, scratchFolder, startProgram, type Served } from './cli-process.ts'

jest.setTimeout(120_000)
const LISTENS = /listens on ws:\/\/127\.0\.0\.1:(\d+)\/gateway/
const PASSWORD = 'horse-battery'

let server: OwnPostgresServer
let folder: ReturnType<typeof scratchFolder>
let env: Record<string, string>
beforeAll(async () => {
  server = await startPostgres({ fsync: 'off' })
})
afterAll(() => server.stop())
beforeEach(async () => {
  folder = scratchFolder()
  const url = (await server.database()).replace('postgres@', `postgres:${PASSWORD}@`)
  env = { LATCHKEY_STORE_URL: url, LATCHKEY_HOME: path.join(folder.path, 'home') }
})
afterEach(() => folder.remove())

const serve = (...flags: string[]): Promise<Served> =>
  startProgram([MAIN, 'serve', '--port', '0', ...flags], LISTENS, env)

test('one gateway after another serves what is in the database, and the log is verified there', async () => {
  const first = await serve()
  expect(first.output()).toContain('state in PostgreSQL')
  expect(await runCli(['call', 'health', '--url', first.url], env)).toMatchObject({ code: 0 })
  expect(await first.stop()).toBe(0)
  const second = await serve()
  const listed = await runCli(['devices', '--url', second.url, '--json'], env)
  expect(JSON.parse(listed.stdout)).toHaveLength(2)

  const verified = await runCli(['audit', 'verify', '--json'], env)
  expect(verified.code).toBe(0)
  expect(JSON.parse(verified.stdout)).toMatchObject({
    ok: true,
    store: expect.stringContaining('schema latchkey'),
  })
  const head = await runCli(['audit', 'head'], env)
  expect(JSON.parse(head.stdout)).toMatchObject({ seq: expect.any(Number) })
  expect(await second.stop()).toBe(0)

  await server.query(env.LATCHKEY_STORE_URL ?? '', "update latchkey.audit set details = '{}' where seq = 1")
  const tampered = await runCli(['audit', 'verify'], env)
  expect(tampered.code).toBe(7)
  expect(tampered.stdout).toMatch(/changed, entry 1/)
  for (const { stdout, stderr } of [verified, head, tampered, listed])
    expect(stdout + stderr).not.toContain(PASSWORD)
})

test('the configuration file names it, too, and a folder on the command line wins over the environment', async () => {
  const { LATCHKEY_STORE_URL: url = '', LATCHKEY_HOME: home = '' } = env
  const file = path.join(folder.path, 'latchkey.config.mjs')
  writeFileSync(
    file,
    `export default { store: { connectionString: ${JSON.stringify(url)}, schema: 'named' } }`,
  )
  env = { LATCHKEY_HOME: home }
  const served = await serve('--config', file)
  expect(served.output()).toContain('state in PostgreSQL')
  await served.stop()
  expect(await server.query(url, 'select count(*)::int as n from named.latchkey_schema')).toEqual([{ n: 1 }])
  env = { LATCHKEY_HOME: home, LATCHKEY_STORE_URL: url }
  const inFolder = await serve('--state-dir', path.join(folder.path, 'state'))
  expect(inFolder.output()).toContain(`state in ${path.join(folder.path, 'state')}`)
  await inFolder.stop()
})

test('backup and restore say what PostgreSQL has for it', async () => {
  const backup = await runCli(['backup', path.join(folder.path, 'copy')], env)
  expect(backup).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('pg_dump --format=custom --schema=latchkey'),
  })
  const restore = await runCli(['restore', path.join(folder.path, 'copy')], env)
  expect(restore).toMatchObject({ code: 1, stderr: expect.stringContaining('pg_restore --exit-on-error') })
})

test('what is wrong with the store is said in a sentence, without the password', async () => {
  const cases: [string, RegExp][] = [
    [`mysql://u:${PASSWORD}@h/x`, /must be a URL such as postgres:/],
    [`postgres://u:${PASSWORD}@127.0.0.1:1/x`, /no server answers there/],
    [`postgres://u:${PASSWORD}@127.0.0.1/x?sslmode=prefer`, /would not protect/],
  ]
  for (const [url, message] of cases) {
    const failed = await runCli(['serve', '--port', '0'], { ...env, LATCHKEY_STORE_URL: url })
    expect(failed.code).toBe(1)
    expect(failed.stderr).toMatch(message)
    expect(failed.stdout + failed.stderr).not.toContain(PASSWORD)
  }
  const help = await runCli(['serve', '--help'], env)
  expect(help.stdout).toContain('LATCHKEY_STORE_URL')
  expect(help.stdout).not.toContain(PASSWORD)
  const both = await runCli(['serve', '--store', 'postgres://h/x', '--state-dir', 'x'], env)
  expect(both.stderr).toMatch(/say either --state-dir/)
})

test('the doctor looks at the way to it', async () => {
  const storeOf = async (url: string): Promise<unknown> => {
    const { stdout } = await runCli(
      ['doctor', '--json', '--url', 'ws://127.0.0.1:1/gateway', '--timeout', '2'],
      { ...env, LATCHKEY_STORE_URL: url },
    )
    expect(stdout).not.toContain(PASSWORD)
    const { findings } = JSON.parse(stdout) as { findings: { check: string; level: string }[] }
    return findings.find(({ check }) => check === 'store')?.level
  }
  expect(await storeOf(env.LATCHKEY_STORE_URL ?? '')).toBe('green')
  expect(await storeOf(`postgres://u:${PASSWORD}@db.example/x`)).toBe('yellow')
  expect(await storeOf(`postgres://u:${PASSWORD}@db.example/x?sslmode=verify-full`)).toBe('green')
  expect(await storeOf(`nonsense:${PASSWORD}`)).toBe('red')
})
