import { spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { postgresStore } from '../../lib/store/postgres/index.ts'
import { asServerUser, giveToServer, startPostgres, type OwnPostgresServer } from '../postgres-server.ts'
import { freePorts } from '../proxies/free-ports.ts'
import { pairingStoreContract } from './contract.ts'

jest.setTimeout(120_000)
const program = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer'].find((file) => existsSync(file))
if (program === undefined) console.warn('SKIPPED: the tests behind a pooler, as pgbouncer is not installed')
const whenInstalled = program !== undefined || process.env['CI'] === 'true' ? describe : describe.skip

whenInstalled('behind pgbouncer in transaction mode,', () => {
  let server: OwnPostgresServer
  let pooler: ChildProcess
  let folder: string
  let direct: string
  let pooled: string
  let schemas = 0

  beforeAll(async () => {
    server = await startPostgres({ fsync: 'off' })
    direct = await server.database()
    folder = mkdtempSync(path.join(tmpdir(), 'latchkey-pgbouncer-'))
    const [port = 0] = await freePorts(1)
    writeFileSync(
      path.join(folder, 'pgbouncer.ini'),
      `[databases]
* = host=127.0.0.1 port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${folder}/users.txt
pool_mode = transaction
default_pool_size = 2
query_wait_timeout = 1
`,
    )
    writeFileSync(path.join(folder, 'users.txt'), '"postgres" ""\n')
    for (const file of ['', 'pgbouncer.ini', 'users.txt']) {
      chmodSync(path.join(folder, file), file === '' ? 0o755 : 0o644)
      giveToServer(path.join(folder, file))
    }
    const words = [...asServerUser(), program ?? '', path.join(folder, 'pgbouncer.ini')]
    pooler = spawn(words[0] ?? '', words.slice(1), { stdio: 'ignore' })
    const url = new URL(direct)
    url.port = String(port)
    pooled = url.href
    while (
      !(await server.query(pooled, 'select 1').then(
        () => true,
        () => false,
      ))
    )
      await sleep(50)
  })
  afterAll(async () => {
    pooler.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
    await server.stop()
  })

  const open = () => postgresStore({ connectionString: pooled, schema: `pooled_${schemas++}`, listen: false })

  pairingStoreContract('postgresStore', open)

  test('two nodes share the few connections of the pooler, and leave nothing of a session in them', async () => {
    const nodes = await Promise.all([
      open(),
      postgresStore({ connectionString: pooled, schema: `pooled_${schemas - 1}`, listen: false }),
    ])
    const increment = (n: number) =>
      nodes[n % 2 === 0 ? 0 : 1].transaction(async (tx) => {
        await tx.putSetting('total', String(Number((await tx.setting('total')) ?? 0) + 1))
      })
    await Promise.all(Array.from({ length: 60 }, (_, n) => increment(n)))
    expect(await nodes[0].transaction((tx) => tx.setting('total'))).toBe('60')
    const [settings] = await server.query(
      pooled,
      "select current_setting('search_path') as path, current_setting('lock_timeout') as lock, (select count(*)::int from pg_prepared_statements) as prepared",
    )
    expect(settings).toEqual({ path: '"$user", public', lock: '0', prepared: 0 })
    await Promise.all(nodes.map((node) => node.close()))
  })

  test('LISTEN goes past the pooler, where it is told to', async () => {
    const schema = `pooled_${schemas++}`
    const node = await postgresStore({ connectionString: pooled, listenConnectionString: direct, schema })
    let wakes = 0
    let woken = (): void => undefined
    const until = (wanted: number) =>
      new Promise<void>((resolve) => {
        woken = () => (wakes >= wanted ? resolve() : undefined)
        woken()
      })
    node.onWake?.(() => {
      wakes += 1
      woken()
    })
    await until(1)
    await node.transaction((tx) => tx.addEvent({ atMs: 1, node: 'n', payload: '{}' }))
    await until(2)
    await node.close()
  })

  test('a pooler without a free connection is STORE_UNAVAILABLE after a while, and passes', async () => {
    const node = await open()
    const held = await Promise.all([1, 2].map(() => hold(pooled)))
    const waiting = node.transaction((tx) => tx.putSetting('k', 'v'))
    await expect(waiting).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', details: { retryable: true } })
    await Promise.all(held.map((release) => release()))
    await node.transaction((tx) => tx.putSetting('k', 'v'))
    await node.close()
  })
})

/** Keeps a connection of the pooler in a transaction. */
async function hold(url: string): Promise<() => Promise<void>> {
  const { default: pg } = await import('pg')
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('begin; select 1')
  return async () => {
    await client.query('rollback')
    await client.end()
  }
}
