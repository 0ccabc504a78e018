import { execFile, type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { freePorts } from '../proxies/free-ports.ts'
import { programPath } from '../proxies/required-programs.ts'
import { fetchAsTool } from './fetch-as-tool.ts'

const root = path.resolve(import.meta.dirname, '../..')
const readme = readFileSync(path.join(root, 'README.md'), 'utf8')
const BLOCK = /<!-- five minutes: ([\w.]+) -->\s+```\w+\n([\s\S]*?)```/g

let folder: string
const children: ChildProcess[] = []
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'latchkey-five-'))
  mkdirSync(path.join(folder, 'node_modules'))
  symlinkSync(root, path.join(folder, 'node_modules/latchkey'))
  for (const name of ['express', 'supertest'])
    symlinkSync(path.join(root, 'node_modules', name), path.join(folder, 'node_modules', name))
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }')
})
afterEach(async () => {
  for (const child of children.splice(0)) {
    const ended = new Promise((resolve) => child.once('close', resolve))
    child.kill('SIGTERM')
    await ended
  }
  rmSync(folder, { recursive: true })
})

async function answerAt(url: string): Promise<{ status: number; body: string }> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await fetchAsTool(url)
    } catch (error) {
      if (attempt === 30) throw error
      await new Promise((resolve) => setTimeout(resolve, 300))
    }
  }
}

test('the five minutes of the README: the files as they stand there', async () => {
  const [app = 0, front = 0] = await freePorts(2)
  const files = [...readme.matchAll(BLOCK)].map(([, name = '', code = '']) => ({ name, code }))
  expect(files.map(({ name }) => name)).toEqual(['app.js', 'server.js', 'app.test.js', 'nginx.conf'])
  for (const { name, code } of files) {
    const placed = code.replaceAll('4747', String(app)).replaceAll('8080', String(front))
    writeFileSync(path.join(folder, name), placed)
  }
  // Node's own test runner must not take over the flags of this one.
  const env = { ...process.env, NODE_OPTIONS: '' }
  const tested = await promisify(execFile)(process.execPath, ['--test'], { cwd: folder, env })
  expect(tested.stdout).toMatch(/pass 3\n/)

  children.push(spawn(process.execPath, ['server.js'], { cwd: folder, env, stdio: 'inherit' }))
  expect(await answerAt(`http://127.0.0.1:${app}/admin`)).toMatchObject({ body: 'only from this machine\n' })
  // nginx's own places for temporary files are for root alone.
  const nginx = process.getuid?.() === 0 ? programPath('nginx') : null
  if (nginx === null) return
  children.push(spawn(nginx, ['-p', folder, '-c', 'nginx.conf'], { stdio: 'inherit', cwd: folder }))
  const through = await answerAt(`http://127.0.0.1:${front}/admin`)
  expect([through.status, JSON.parse(through.body)]).toMatchObject([403, { reason: 'peer-other-user' }])
}, 120_000)
