import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { runCli, scratchFolder, type CliResult } from '../cli/cli-process.ts'
import { programPath } from '../proxies/required-programs.ts'
import { fetchAsTool } from './fetch-as-tool.ts'

const START = path.resolve(import.meta.dirname, '../../examples/behind-nginx/start.js')
// Says so aloud where it cannot run; with CI=true the tools are there, or the run has ended before.
const isHere = programPath('nginx') !== null && programPath('curl') !== null
if (!isHere) console.warn('NOT RUN: examples/behind-nginx (this machine lacks nginx or curl)')
const testHere = isHere || process.env.CI === 'true' ? test : test.skip

let folder: ReturnType<typeof scratchFolder>
let child: ChildProcess | null = null
let ended: Promise<void>
const said = new Map<string, string>()
const ports = { app: 0, nginx: 0 }

beforeAll(async () => {
  folder = scratchFolder()
  if (!isHere) return
  const env = { ...process.env, HOME: path.join(folder.path, 'home') }
  const started = spawn(process.execPath, [START], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  child = started
  ended = new Promise((resolve) => started.once('close', () => resolve()))
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: started.stdout }).on('line', (line) => {
      const [, name, text] = /^(\w[\w ]*): +(.*)$/.exec(line) ?? []
      if (name !== undefined) said.set(name, text ?? '')
      const found = /127\.0\.0\.1:(\d+)\/admin and curl http:\/\/127\.0\.0\.1:(\d+)/.exec(line)
      if (found === null) return
      ports.app = Number(found[1])
      ports.nginx = Number(found[2])
      resolve()
    })
    void ended.then(() => reject(new Error('the example ended')))
  })
}, 120_000)
afterAll(async () => {
  child?.kill('SIGTERM')
  await ended
  folder.remove()
})

const at = (port: number, ...args: string[]): Promise<CliResult> =>
  runCli([...args, '--url', `ws://127.0.0.1:${port}/gateway`, '--home', path.join(folder.path, 'owner')])

testHere('says itself what it shows: directly local, through nginx not', () => {
  expect(said.get('directly')).toBe('local, local, client 127.0.0.1')
  // As root its workers are another user's, otherwise they listen.
  expect(said.get('through nginx')).toMatch(/^not local, peer-(other-user|relay), client 127\.0\.0\.1$/)
  expect(said.get('by its name')).toBe('not local, host-not-local, client 127.0.0.1')
})

testHere(
  'so do the guard and the gateway',
  async () => {
    expect((await fetchAsTool(`http://127.0.0.1:${ports.app}/admin`)).status).toBe(200)
    expect((await fetchAsTool(`http://127.0.0.1:${ports.nginx}/admin`)).status).toBe(403)
    expect((await at(ports.app, 'call', 'health', '--scope', 'operator.read')).code).toBe(0)
    // WebSockets pass nginx; who comes that way waits.
    const identity = ['--identity', path.join(folder.path, 'visitor.json')]
    const through = await at(ports.nginx, 'call', 'health', '--scope', 'operator.read', ...identity)
    expect([through.code, through.stderr]).toEqual([
      3,
      expect.stringContaining('Ask the owner to approve it'),
    ])
  },
  60_000,
)

testHere(
  'the doctor has nothing to say against this configuration',
  async () => {
    const file = said.get('configuration') ?? ''
    const doctor = await at(ports.app, 'doctor', '--nginx-conf', file, '--json')
    const { findings } = JSON.parse(doctor.stdout) as { findings: { check: string; level: string }[] }
    expect(findings.filter(({ check }) => check === 'nginx').map(({ level }) => level)).toEqual(['green'])
  },
  60_000,
)

testHere(
  'ends as a whole, and leaves nothing behind',
  async () => {
    child?.kill('SIGTERM')
    await ended
    expect(existsSync(path.dirname(said.get('configuration') ?? ''))).toBe(false)
    for (const port of Object.values(ports)) {
      const isOpen = await new Promise<boolean>((resolve) => {
        const socket = connect(port, '127.0.0.1', () => resolve(true))
        socket.on('error', () => resolve(false))
        socket.on('connect', () => socket.destroy())
      })
      expect([port, isOpen]).toEqual([port, false])
    }
  },
  60_000,
)
