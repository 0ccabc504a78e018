import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import Database from 'better-sqlite3'
import { openAuditKey } from '../../lib/evidence/index.ts'
import { auditHeadText, type AuditHead, type AuditReport } from '../../lib/pairing/index.ts'
import { photograph } from '../store/scratch-folder.ts'
import { runCli, scratchFolder, serve, type CliResult, type Served } from './cli-process.ts'

const FAR = ['--header', 'X-Forwarded-For: 203.0.113.7']

let folder: ReturnType<typeof scratchFolder>
let home: string
let gateway: Served
let olderHead: string
const state = (): string => path.join(folder.path, 'state')
const store = (): string => path.join(state(), 'latchkey.db')

/** A gateway that has decided a few things, and still serves. */
beforeAll(async () => {
  folder = scratchFolder()
  home = path.join(folder.path, 'home')
  process.env.LATCHKEY_HOME = home
  gateway = await serve(folder.path)
  await cli('call', 'health')
  await cli('call', 'health', ...FAR, '--identity', path.join(folder.path, 'evil.json'))
  const { stdout } = await cli('requests', '--json')
  const [request] = JSON.parse(stdout) as { requestId: string; digest: string }[]
  olderHead = (await cli('audit', 'head')).stdout
  await cli('approve', request?.requestId ?? '', '--digest', request?.digest ?? '')
  await cli('call', 'locality.taint.set', JSON.stringify({ why: 'a probe \u001b[2J looked local' }), '--scope', 'operator.admin') // prettier-ignore
  await cli('call', 'locality.taint.clear', '--scope', 'operator.admin')
}, 120_000)
afterAll(async () => {
  await gateway.stop()
  folder.remove()
})

function cli(...args: string[]): Promise<CliResult> {
  return runCli([...args, '--url', gateway.url, '--home', home], { LATCHKEY_STATE_DIR: state() })
}

type Listed = {
  entries: { seq: number; kind: string; actor: string; deviceId: string | null }[]
  doubt: null
}

describe('latchkey audit', () => {
  test('lists what was decided as sentences, oldest first, fit for a terminal', async () => {
    const { stdout, code } = await cli('audit')
    expect(code).toBe(0)
    expect(stdout).toMatch(/ 1 {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ {2}the gateway paired key [0-9a-f ]{19} "latchkey call" silently as operator with operator\.read, operator\.write\.\n +because not-paired, from 127\.0\.0\.1, locality: local \(/) // prettier-ignore
    expect(stdout).toMatch(/key ([0-9a-f ]{19}) "latchkey call" asks for operator with .*\n +because not-paired, .*locality: forwarding-untrusted, saw x-forwarded-for\n/) // prettier-ignore
    expect(stdout).toMatch(/key [0-9a-f ]{19} approved key [0-9a-f ]{19} "latchkey call" for operator/)
    expect(stdout).toMatch(/key [0-9a-f ]{19} tainted the gateway: a probe \uFFFD\[2J looked local\.\n/)
    expect(stdout).toMatch(/key [0-9a-f ]{19} cleared the taint of the gateway\.\n/)

    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
  })

  test('chooses by number, place, device and kind', async () => {
    const list = async (...args: string[]): Promise<Listed['entries']> =>
      (JSON.parse((await cli('audit', '--json', ...args)).stdout) as Listed).entries
    const all = await list()
    const seqs = all.map(({ seq }) => seq)
    expect(seqs).toEqual(seqs.map((_, index) => index + 1))
    expect((await list('--limit', '2')).map(({ seq }) => seq)).toEqual(seqs.slice(-2))
    expect((await list('--after', '2', '--limit', '2')).map(({ seq }) => seq)).toEqual([3, 4])
    expect((await list('--kind', 'request-approved')).map(({ kind }) => kind)).toEqual(['request-approved'])
    const approved = all.find(({ kind }) => kind === 'request-approved')
    const device = approved?.deviceId ?? ''
    const grouped = device
      .slice(0, 8)
      .toUpperCase()
      .replace(/(.{4})/, '$1 ')
    expect((await list('--device', grouped)).map(({ kind }) => kind)).toEqual(['request-filed', 'request-approved']) // prettier-ignore
    expect(await list('--device', approved?.actor ?? '')).toContainEqual(approved)
    expect((await cli('audit', '--kind', 'none')).stdout).toBe('Nothing is recorded that fits.\n')
  })

  test.each([
    [['audit', 'verfy'], /too many arguments/],
    [['audit', '--limit', '0'], /from 1/],
    [['audit', '--after', 'x'], /number of an entry/],
  ])('%j is refused', async (args, message) => {
    expect(await cli(...args)).toMatchObject({ code: 2, stderr: expect.stringMatching(message) as unknown })
  })
})

describe('latchkey audit verify', () => {
  test('finds an untouched log as it was written, while the gateway serves', async () => {
    const result = await cli('audit', 'verify')
    expect(result).toMatchObject({ code: 0, stderr: '' })
    expect(result.stdout).toMatch(/The log is as it was written\.\n$/)
    const report = JSON.parse((await cli('audit', 'verify', '--json')).stdout) as AuditReport
    expect(report).toMatchObject({ ok: true, problems: [], head: { seq: report.entries } })
    expect(report.remembered?.seq).toBeGreaterThan(0)
  })

  test('holds it against a head and a key that were kept elsewhere', async () => {
    const kept = path.join(folder.path, 'kept.json')
    writeFileSync(kept, olderHead)
    const { publicKey, seq } = JSON.parse(olderHead) as AuditHead
    const result = await cli('audit', 'verify', '--head', kept, '--key', publicKey, '--json')
    expect(result.code).toBe(0)
    expect(JSON.parse(result.stdout)).toMatchObject({ remembered: { seq }, publicKey })
    expect((await cli('audit', 'verify', '--key', kept)).code).toBe(0)
    const wrong = openAuditKey(path.join(folder.path, 'other', 'key.json')).publicKey
    expect(await cli('audit', 'verify', '--key', wrong)).toMatchObject({ code: 7 })
  })

  test.each([
    [['--key', 'nowhere.json'], 1, /--key: nowhere\.json cannot be read/],
    [['--head', 'nowhere.json'], 1, /--head: nowhere\.json cannot be read/],
    [['--state-dir', 'nowhere'], 1, /nowhere\/latchkey\.db is not available/],
  ])('says what is wrong with %j', async (args, code, message) => {
    expect(await cli('audit', 'verify', ...args)).toMatchObject({ code, stderr: expect.stringMatching(message) as unknown }) // prettier-ignore
  })

  test('does not go on without a key', async () => {
    const result = await runCli(['audit', 'verify', '--state-dir', state()], { LATCHKEY_HOME: path.join(folder.path, 'empty') }) // prettier-ignore
    expect(result).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/there is no audit key/) as unknown,
    })
  })
})

describe('a store that was changed from outside', () => {
  const database = (file: string): Database.Database => new Database(file)
  const head = (key: { publicKey: string; sign(text: string): string }, gatewayId: string, to: AuditHead): string =>
    JSON.stringify({ ...to, publicKey: key.publicKey, signature: key.sign(auditHeadText(gatewayId, to.seq, to.hash, to.atMs)) }) // prettier-ignore

  /** A copy of the store at this moment, changed by `change`; verified with the gateway's own key and memory. */
  async function verifyChanged(
    change: (db: Database.Database, last: number) => void,
  ): Promise<{ code: number; found: string[]; stdout: string }> {
    const copies = path.join(folder.path, `copy-${Math.random()}`)
    mkdirSync(copies)
    const copy = path.join(copies, 'latchkey.db')
    const source = database(store())
    await source.backup(copy)
    source.close()
    const db = database(copy)
    change(db, Number(db.prepare('select max(seq) from audit').pluck().get()))
    db.pragma('wal_checkpoint(TRUNCATE)')
    db.close()
    const before = photograph(copies)
    const result = await cli('audit', 'verify', '--state-dir', copies, '--json')
    // Whoever looks changes nothing, and leaves nothing.
    expect(photograph(copies)).toEqual(before)
    const { problems } = JSON.parse(result.stdout) as AuditReport
    const words = await cli('audit', 'verify', '--state-dir', copies)
    expect(words.code).toBe(result.code)
    return { code: result.code, found: problems.map(({ kind, seq }) => `${kind} ${seq ?? '-'}`), stdout: words.stdout } // prettier-ignore
  }

  test('nothing: ok', async () => {
    expect(await verifyChanged(() => undefined)).toMatchObject({ code: 0, found: [] })
  })

  test.each<[string, (db: Database.Database, last: number) => void, (last: number) => string[]]>([
    ['details', (db) => db.exec(`update audit set details = replace(details, 'operator.read', 'operator.admin') where seq = 2`), () => ['changed 2']],
    ['actor', (db) => db.exec(`update audit set actor = 'host' where seq = 4`), () => ['changed 4']],
    ['details that are no JSON', (db) => db.exec(`update audit set details = x'00ff' where seq = 2`), () => ['changed 2']],
    ['time', (db) => db.exec(`update audit set at_ms = 'yesterday' where seq = 2`), () => ['changed 2']],
    ['a middle row', (db) => db.exec('delete from audit where seq = 3'), () => ['dropped 3']],
    ['the last rows', (db, last) => db.exec(`delete from audit where seq > ${last - 2}`), (last) => [`truncated ${last - 1}`, `truncated ${last - 1}`]],
    ['the last rows, and the head that was signed before them', (db) => { const { seq } = JSON.parse(olderHead) as AuditHead; db.exec(`delete from audit where seq > ${seq}`); db.prepare(`update settings set value = ? where key = 'audit-head'`).run(olderHead) }, () => [`truncated ${(JSON.parse(olderHead) as AuditHead).seq + 1}`]],
    ['the whole table', (db) => db.exec('delete from audit'), () => ['truncated 1', 'truncated 1']],
    ['the head', (db) => db.exec(`delete from settings where key = 'audit-head'`), () => ['truncated -']],
    ['the head, by another key', (db) => { const to = JSON.parse(String(db.prepare(`select value from settings where key = 'audit-head'`).pluck().get())) as AuditHead; const key = openAuditKey(path.join(folder.path, 'thief', 'key.json')); const id = String(db.prepare(`select value from settings where key = 'gateway-id'`).pluck().get()); db.prepare(`update settings set value = ? where key = 'audit-head'`).run(head(key, id, to)) }, () => ['head-forged -']],
    ['a row, the gap closed', (db) => { db.exec('delete from audit where seq = 3'); db.exec('update audit set seq = -seq where seq > 3; update audit set seq = -seq - 1 where seq < 0') }, (last) => ['dropped 3', `truncated ${last}`, `truncated ${last}`]],
    ['two rows, swapped', (db) => db.exec('update audit set seq = -2 where seq = 2; update audit set seq = 2 where seq = 3; update audit set seq = 3 where seq = -2'), () => ['reordered 2']],
  ])('%s', async (_title, change, expected) => {
    let last = 0
    const { code, found, stdout } = await verifyChanged((db, end) => {
      last = end
      change(db, end)
    })
    expect([code, found]).toEqual([7, expected(last)])
    for (const word of expected(last).map((entry) => entry.split(' ')[0] ?? '')) expect(stdout).toContain(word)
  }) // prettier-ignore

  test('a table that is gone is said to be damage', async () => {
    const copies = path.join(folder.path, 'gone')
    mkdirSync(copies)
    const source = database(store())
    await source.backup(path.join(copies, 'latchkey.db'))
    source.close()
    const db = database(path.join(copies, 'latchkey.db'))
    db.exec('drop table audit')
    db.close()
    const result = await cli('audit', 'verify', '--state-dir', copies)
    expect(result).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/no such table: audit/) as unknown,
    })
  })
})

test('a stopped gateway leaves a log that can be verified, and looking leaves no file beside it', async () => {
  const quiet = path.join(folder.path, 'quiet')
  mkdirSync(quiet)
  const source = new Database(store())
  await source.backup(path.join(quiet, 'latchkey.db'))
  source.close()
  const checkpoint = new Database(path.join(quiet, 'latchkey.db'))
  checkpoint.pragma('wal_checkpoint(TRUNCATE)')
  checkpoint.close()
  expect((await cli('audit', 'verify', '--state-dir', quiet)).code).toBe(0)
  expect((await cli('audit', 'head', '--state-dir', quiet)).stdout).toBe((await cli('audit', 'head')).stdout)
  expect(readdirSync(quiet)).toEqual(['latchkey.db'])
  // A head that is put aside by hand, for another day.
  const kept = path.join(folder.path, 'by-hand.json')
  const [name = ''] = readdirSync(path.join(home, 'audit')).filter((entry) => entry.endsWith('.head.json'))
  copyFileSync(path.join(home, 'audit', name), kept)
  expect(JSON.parse(readFileSync(kept, 'utf8'))).toMatchObject({ gatewayId: name.replace('.head.json', '') })
  expect((await cli('audit', 'verify', '--head', kept)).code).toBe(0)
})
