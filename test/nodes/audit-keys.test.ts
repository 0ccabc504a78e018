import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { postgresStore } from '../../lib/store/postgres/index.ts'
import { runCli, type CliResult } from '../cli/cli-process.ts'
import type { RawClient } from '../gateway/raw-client.ts'
import { runGateway, type RunningGateway } from '../gateway/running-gateway.ts'
import { admittedAs, connectAs, FORWARDED } from '../gateway/signed-connect.ts'
import { anyPostgres, type PostgresServer } from '../postgres-server.ts'

jest.setTimeout(120_000)

let server: PostgresServer
let database: string
let folder: string
let nodes: RunningGateway[]
let owners: RawClient[]
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'latchkey-audit-keys-'))
  server = await anyPostgres()
  database = await server.database()
  nodes = []
  owners = []
})
afterEach(async () => {
  for (const owner of owners) owner.close()
  await Promise.all(nodes.map((node) => node.close()))
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

type Node = { readonly owner: RawClient; readonly url: string; readonly errors: [string, unknown][] }

const keyFile = (of: string): string => path.join(folder, of, 'key.json')

/** A gateway on the database, with an owner who is connected to it. */
async function start(host: string, file: string): Promise<Node> {
  const errors: [string, unknown][] = []
  const quiet = (): void => undefined
  const node = await runGateway({
    store: await postgresStore({ connectionString: database }),
    host,
    limits: { pollMs: 100 },
    auditKey: { file },
    logger: { info: quiet, warn: quiet, error: (message, fields) => void errors.push([message, fields]) },
  })
  nodes.push(node)
  const { client: owner } = await admittedAs(node.url, createDeviceIdentity(), { scopes: ['operator.admin'] })
  owners.push(owner)
  return { owner, url: node.url, errors }
}

/** Files a request at one gateway and approves it at another one. */
async function pair(asked: string, owner: RawClient): Promise<void> {
  const { client, answer } = await connectAs(asked, createDeviceIdentity(), {}, FORWARDED)
  client.close()
  const { requestId, digest } = answer.error?.details ?? {}
  expect(await owner.request('device.pair.approve', { requestId, digest })).toMatchObject({ ok: true })
}

const verify = (key: string): Promise<CliResult> =>
  runCli(['audit', 'verify', '--key', key], { LATCHKEY_STORE_URL: database })

test('two gateways with one audit key sign in turn and at the same time, and the log is as it was written', async () => {
  const file = keyFile('shared')
  const [a, b] = [await start('host-a', file), await start('host-b', file)]
  for (let turn = 0; turn < 4; turn += 1) {
    await pair(a.url, b.owner)
    await pair(b.url, a.owner)
  }
  await Promise.all(
    [a, b].map(async ({ owner, url }) => {
      for (let turn = 0; turn < 4; turn += 1) await pair(url, owner)
    }),
  )
  const whileServing = await verify(file)
  expect(whileServing).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('as it was written') as unknown,
  })
  const { payload } = await a.owner.request('audit.list', { newest: true, limit: 200 })
  // Two owners, and sixteen devices that were filed and approved.
  expect(payload).toMatchObject({ doubt: null })
  expect((payload as { entries: unknown[] }).entries).toHaveLength(2 + 2 * 16)
  await Promise.all(nodes.splice(0).map((node) => node.close()))
  expect(await verify(file)).toMatchObject({ code: 0 })
  expect([...a.errors, ...b.errors]).toEqual([])
})

test('of two gateways with other keys the second one signs nothing, says what to do, and goes on deciding', async () => {
  const a = await start('host-a', keyFile('a'))
  const b = await start('host-b', keyFile('b'))
  await pair(a.url, b.owner)
  await pair(b.url, a.owner)
  const advice = /not signed any more.*latchkey audit verify.*latchkey audit accept/
  expect(b.errors).toEqual([[expect.stringMatching(advice), { doubt: 'head-forged' }]])
  expect((await b.owner.request('audit.list', {})).payload).toMatchObject({ doubt: 'head-forged' })
  // Nor does the first one vouch for what the second one has added.
  expect((await a.owner.request('audit.list', {})).payload).toMatchObject({ doubt: 'inserted' })
  for (const [of, word] of [
    ['a', 'inserted'],
    ['b', 'head-forged'],
  ] as const)
    expect(await verify(keyFile(of))).toMatchObject({
      code: 7,
      stdout: expect.stringContaining(word) as unknown,
    })
})
