import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import Database from 'better-sqlite3'
import { appFolder, startApp, type AppProcess } from './app-process.ts'
import { formsOf, tokensIn, type TokenLife } from './token-life.ts'

// Dozens of processes are started.
jest.setTimeout(180_000)

let folder: ReturnType<typeof appFolder>
let app: AppProcess
let life: TokenLife
const dumps = new Map<string, Buffer>()

beforeAll(async () => {
  folder = appFolder()
  const shared = randomBytes(32).toString('base64url')
  const auth = { mode: 'token', token: shared } as const
  app = await startApp({ folder: folder.path, auth, locality: { trustProxy: ['loopback'] } })
  const program = path.join(import.meta.dirname, 'children/token-life.ts')
  const args = ['--experimental-strip-types', '--no-warnings', program, app.url, shared]
  const env = { ...process.env }
  life = JSON.parse((await promisify(execFile)(process.execPath, args, { env })).stdout) as TokenLife
  // As they are while it runs, with what is still in the log of the database; and after it has stopped.
  for (const name of ['latchkey.db', 'latchkey.db-wal', 'latchkey.db-shm', 'app.log'])
    dumps.set(name, readFileSync(path.join(folder.path, name)))
  await app.stop()
  for (const name of readdirSync(folder.path))
    dumps.set(`${name} afterwards`, readFileSync(path.join(folder.path, name)))
})
afterAll(() => folder.remove())

/** Of tokens, present and past, and of invitations. */
function storedHashes(): Set<string> {
  const database = new Database(path.join(folder.path, 'latchkey.db'), { readonly: true })
  const all = <T>(sql: string): T[] => database.prepare<[], T>(sql).all()
  const tokens = all<{ hash: string; previous_hash: string | null; superseded: string }>(
    'select * from tokens',
  )
  const invites = all<{ token_hash: string }>('select token_hash from invites')
  database.close()
  return new Set([
    ...tokens.flatMap((row) => [
      row.hash,
      row.previous_hash ?? '',
      ...(JSON.parse(row.superseded) as string[]),
    ]),
    ...invites.map((row) => row.token_hash),
  ])
}

test('the run has made every kind of secret, and the dump has what it is searched for', () => {
  expect(Object.keys(life.secrets)).toHaveLength(9)
  expect(dumps.get('latchkey.db-wal')?.length).toBeGreaterThan(10_000)
  expect(existsSync(path.join(folder.path, 'latchkey.db-wal'))).toBe(false)
  const hashes = storedHashes()
  const kept = Object.entries(life.secrets).filter(([, secret]) =>
    hashes.has(createHash('sha256').update(secret).digest('hex')),
  )
  // All but the shared secret and the wrong one are kept as their hash.
  expect(kept).toHaveLength(7)
  expect(tokensIn(Buffer.from(`x${life.secrets['an open invitation'] ?? ''}y`), hashes)).toHaveLength(1)
})

test('no file of the store and no log holds a token, an invitation or the shared secret, in any form', () => {
  const found = [...dumps].flatMap(([name, dump]) =>
    Object.entries(life.secrets)
      .filter(([, secret]) => formsOf(secret).some((form) => dump.includes(form)))
      .map(([what]) => `${what} is in ${name}`),
  )
  expect(found).toEqual([])
})

test('nothing in them is a token by its hash either', () => {
  const hashes = storedHashes()
  for (const [name, dump] of dumps) expect([name, tokensIn(dump, hashes)]).toEqual([name, []])
})

test('a stolen token is of no use with another key', () => {
  expect(life.thief).toEqual({
    'a token with another key': expect.stringMatching(/^AUTH_/),
    '... from this machine': expect.stringMatching(/^AUTH_/),
    '... and the shared secret': 'PAIRING_REQUIRED not-paired',
    "... and the owner's id": 'DEVICE_AUTH_DEVICE_ID_MISMATCH',
    '... and the key of its owner': 'DEVICE_AUTH_SIGNATURE_INVALID',
    'a used invitation': 'AUTH_BOOTSTRAP_TOKEN_INVALID',
    'a wrong secret': 'AUTH_TOKEN_MISMATCH',
  })
})
