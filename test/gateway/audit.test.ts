import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import Database from 'better-sqlite3'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { createGateway, memoryStore, sqliteStore, type GatewayOptions } from '../../lib/index.ts'
import { inspectAudit } from '../../lib/gateway/index.ts'
import { openAuditFile } from '../../lib/store/open-audit-file.ts'
import type { RawClient } from './raw-client.ts'
import { runGateway, until, type RunningGateway } from './running-gateway.ts'
import { admittedAs, connectAs, FORWARDED } from './signed-connect.ts'

type Line = { level: string; message: string; fields: unknown }

let base: string
let home: string | undefined
const clean: (() => Promise<unknown>)[] = []
beforeEach(() => {
  base = mkdtempSync(path.join(tmpdir(), 'latchkey-audit-'))
  home = process.env.LATCHKEY_HOME
  process.env.LATCHKEY_HOME = path.join(base, 'home')
})
afterEach(async () => {
  for (const undo of clean.splice(0).reverse()) await undo()
  process.env.LATCHKEY_HOME = home
  rmSync(base, { recursive: true, force: true })
})

function logger(lines: Line[]): NonNullable<GatewayOptions['logger']> {
  const at =
    (level: string) =>
    (message: string, fields?: unknown): void =>
      void lines.push({ level, message, fields })
  return { info: at('info'), warn: at('warn'), error: at('error') }
}

const file = (): string => path.join(base, 'latchkey.db')
const auditFolder = (): string => path.join(base, 'home', 'audit')

async function start(options: Partial<GatewayOptions> = {}): Promise<RunningGateway> {
  const running = await runGateway({ store: await sqliteStore(file()), ...options })
  clean.push(() => running.close())
  return running
}

async function admin(running: RunningGateway): Promise<RawClient> {
  const { client } = await admittedAs(running.url, createDeviceIdentity(), { scopes: ['operator.admin'] })
  clean.push(() => {
    client.close()
    return Promise.resolve()
  })
  return client
}

function inspect(): ReturnType<typeof inspectAudit> {
  const source = openAuditFile(file())
  try {
    return inspectAudit(source, {})
  } finally {
    source.close()
  }
}

describe('the key of a gateway', () => {
  test('is made in the home of the user, with the latest head beside it, and signs', async () => {
    const running = await start()
    await admin(running)
    const head = path.join(auditFolder(), `${running.gateway.id}.head.json`)
    await until(() => existsSync(head))
    expect(inspect()).toMatchObject({ report: { ok: true, entries: 1, remembered: { seq: 1 } } })
    await admin(running)
    await running.close()
    // What waited to be written was written with the end.
    expect(JSON.parse(readFileSync(head, 'utf8'))).toMatchObject({ gatewayId: running.gateway.id, seq: 2 })
    expect(inspect()).toMatchObject({ report: { ok: true, entries: 2 } })
  })

  test('of a home that is not private is not used: one warning, and the gateway goes on unsigned', async () => {
    mkdirSync(auditFolder(), { recursive: true })
    chmodSync(auditFolder(), 0o777)
    const lines: Line[] = []
    const running = await start({ logger: logger(lines) })
    await admin(running)
    await admin(running)
    expect(lines.filter(({ message }) => message.includes('audit'))).toMatchObject([
      { level: 'warn', fields: { why: expect.stringMatching(/chmod 700/) as unknown } },
    ])
    chmodSync(auditFolder(), 0o700)
    expect(inspect()).toMatchObject({
      report: { ok: false, entries: 2, problems: [{ kind: 'head-unsigned' }] },
    })
  })

  test('that was named and cannot be used stops the start', async () => {
    const folder = path.join(base, 'open')
    mkdirSync(folder, { mode: 0o755 })
    chmodSync(folder, 0o755)
    const named = createGateway({ store: memoryStore(), auditKey: { file: path.join(folder, 'key.json') } })
    await expect(named).rejects.toMatchObject({ code: 'FOLDER_UNSAFE' })
    chmodSync(folder, 0o700)
    const running = await start({ auditKey: { file: path.join(folder, 'key.json') } })
    await admin(running)
    await running.close()
    expect(readdirSync(folder).sort()).toEqual([`${running.gateway.id}.head.json`, 'key.json'])
    chmodSync(path.join(folder, 'key.json'), 0o644)
    const open = createGateway({ store: memoryStore(), auditKey: { file: path.join(folder, 'key.json') } })
    await expect(open).rejects.toMatchObject({ code: 'SECRET_UNSAFE' })
  })

  test('is not made for a store that ends with the process, nor when it is not wanted', async () => {
    await admin(await start({ store: memoryStore() }))
    await admin(await start({ auditKey: false }))
    expect(existsSync(auditFolder())).toBe(false)
  })

  test.each([true, '', {}, { file: '' }, 5])('is not %j', async (auditKey) => {
    const made = createGateway({ store: memoryStore(), auditKey: auditKey as never })
    await expect(made).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })
})

describe('a log that was changed while no gateway ran', () => {
  test('is told at the start, is not vouched for, and is signed again once an owner accepts it', async () => {
    const first = await start()
    await admin(first)
    await admin(first)
    const head = (): string => readFileSync(path.join(auditFolder(), `${first.gateway.id}.head.json`), 'utf8')
    await first.close()
    const remembered = head()
    const database = new Database(file())
    database.exec('delete from audit where seq = 2')
    database.close()

    const lines: Line[] = []
    const second = await start({ logger: logger(lines) })
    const owner = await admin(second)
    expect(lines.filter(({ level }) => level === 'error')).toMatchObject([{ fields: { doubt: 'truncated' } }])
    expect((await owner.request('audit.list', { newest: true })).payload).toMatchObject({
      doubt: 'forked',
    })
    expect(inspect().report).toMatchObject({ ok: false })
    expect(head()).toBe(remembered)

    expect((await owner.request('audit.accept')).payload).toEqual({ accepted: 'forked' })
    await admin(second)
    await second.close()
    expect(head()).not.toBe(remembered)
    expect(inspect()).toMatchObject({ report: { ok: true, entries: 4 } })
  })
})

describe('audit.list', () => {
  test('gives pages, forwards and from the end, to administrators alone', async () => {
    const running = await start()
    const owner = await admin(running)
    for (let n = 0; n < 4; n += 1) await admin(running)
    const seqs = async (params: object): Promise<number[]> => {
      const { payload } = await owner.request('audit.list', params)
      return (payload as { entries: { seq: number }[] }).entries.map(({ seq }) => seq)
    }
    expect(await seqs({})).toEqual([1, 2, 3, 4, 5])
    expect(await seqs({ after: 1, limit: 2 })).toEqual([2, 3])
    expect(await seqs({ newest: true, limit: 2 })).toEqual([4, 5])
    expect(await seqs({ newest: true, limit: 2, after: 4 })).toEqual([5])
    expect(await seqs({ after: 5 })).toEqual([])
    for (const params of [{ limit: 0 }, { limit: 201 }, { after: -1 }, { after: 1.5 }, { before: 1 }])
      expect((await owner.request('audit.list', params)).error).toMatchObject({ code: 'INVALID_REQUEST' })
    const { client } = await admittedAs(running.url, createDeviceIdentity(), { scopes: ['operator.pairing'] })
    for (const method of ['audit.list', 'audit.accept'])
      expect((await client.request(method)).error).toMatchObject({ code: 'FORBIDDEN' })
    client.close()
  })

  test('cuts a page of long entries short', async () => {
    const store = await sqliteStore(file())
    const running = await start({ store })
    const owner = await admin(running)
    for (let n = 0; n < 40; n += 1)
      await owner.request('locality.taint.set', { why: '\u{1F511}'.repeat(128) + 'x'.repeat(256) })
    const database = new Database(file())
    database
      .prepare(`update audit set details = ? where seq > 10`)
      .run(JSON.stringify({ x: 'x'.repeat(20_000) }))
    database.close()
    const page = async (params: object): Promise<{ seq: number }[]> =>
      ((await owner.request('audit.list', params)).payload as { entries: { seq: number }[] }).entries
    expect((await page({ newest: true, limit: 200 })).at(-1)?.seq).toBe(41)
    expect((await page({ newest: true, limit: 200 })).length).toBeLessThan(15)
    expect((await page({ after: 10, limit: 200 }))[0]?.seq).toBe(11)
  })
})

test('a decision of the rule of the app, and a taint, are signed by whoever made them', async () => {
  const running = await start({
    approve: ({ claims }) => (claims.displayName === 'good' ? 'approve' : 'reject'),
  })
  for (const displayName of ['good', 'bad']) {
    const { client } = await connectAs(running.url, createDeviceIdentity(), { client: { displayName } }, FORWARDED) // prettier-ignore
    client.close()
  }
  const identity = createDeviceIdentity()
  const { client: owner } = await admittedAs(running.url, identity, { scopes: ['operator.admin'] })
  await owner.request('locality.taint.set', { why: 'a probe looked local' })
  await owner.request('locality.taint.clear')
  const { payload } = await owner.request('audit.list')
  owner.close()
  const entries = (payload as { entries: { kind: string; actor: string }[] }).entries
  expect(entries.map(({ kind, actor }) => [kind, actor])).toEqual([
    ['request-filed', expect.any(String)],
    ['request-approved', 'policy'],
    ['request-filed', expect.any(String)],
    ['request-rejected', 'policy'],
    ['silent-grant', 'gateway'],
    ['taint-changed', identity.deviceId],
    ['taint-changed', identity.deviceId],
  ])
})
