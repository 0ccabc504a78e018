import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { runCli, scratchFolder, startProgram, type Served } from '../cli/cli-process.ts'

const root = path.resolve(import.meta.dirname, '../..')
const file = path.join(root, 'examples/quick-start/server.js')

let folder: ReturnType<typeof scratchFolder>
let app: Served
beforeAll(async () => {
  folder = scratchFolder()
  const env = { PORT: '4748', LATCHKEY_STATE_DIR: path.join(folder.path, 'state') }
  app = await startProgram([file], /Ready: http:\/\/127\.0\.0\.1:(\d+)/, env)
})
afterAll(async () => {
  await app.stop()
  folder.remove()
})

test('the first example of the README is this file, in at most 20 lines', () => {
  const code = readFileSync(file, 'utf8')
  expect(code.trimEnd().split('\n').length).toBeLessThanOrEqual(20)
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8')
  const [, first] = /```js\n([\s\S]*?)```/.exec(readme) ?? []
  expect(first).toBe(code)
  expect(readme.slice(0, readme.indexOf('```js')).split('\n').length).toBeLessThanOrEqual(12)
})

test('the second terminal: silent, silently widened, refused with 1008, approved', async () => {
  const cli = (...args: string[]): ReturnType<typeof runCli> =>
    runCli([...args, '--url', app.url, '--home', path.join(folder.path, 'home')])
  expect((await cli('call', 'notes.list', '--scope', 'operator.read')).stdout).toContain('water the plants')
  expect((await cli('call', 'health', '--scope', 'operator.write')).code).toBe(0)
  const far = ['call', 'health', '--header', 'X-Forwarded-For: 203.0.113.7']
  expect((await cli(...far)).code).toBe(3)
  const [request] = JSON.parse((await cli('requests', '--json')).stdout) as {
    requestId: string
    digest: string
  }[]
  expect((await cli('approve', request?.requestId ?? '', '--digest', request?.digest ?? '')).code).toBe(0)
  expect((await cli(...far)).code).toBe(0)
})

test('the pages answer, beside helmet', async () => {
  const base = `http://127.0.0.1:${app.port}`
  expect(await (await fetch(`${base}/healthz`)).json()).toEqual({ ok: true })
  const whoami = await fetch(`${base}/whoami`)
  expect(whoami.headers.get('cache-control')).toBe('no-store')
  expect(whoami.headers.get('content-security-policy')).toBeTruthy()
  expect(await whoami.json()).toMatchObject({ isLocal: true, kind: 'direct', silent: true })
  expect((await fetch(`${base}/notes`)).status).toBe(200)
  const far = await fetch(`${base}/notes`, { headers: { 'X-Forwarded-For': '203.0.113.7' } })
  expect([far.status, far.headers.get('content-type')]).toEqual([403, 'application/problem+json'])
})
