import { spawn, type ChildProcess } from 'node:child_process'
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createDeviceIdentity, loadDeviceIdentity } from '../../../lib/client/index.ts'

const CHILD = path.resolve(import.meta.dirname, '../children/load-identity.ts')

let scratch: string
let file: string
beforeEach(() => {
  scratch = mkdtempSync(path.join(tmpdir(), 'latchkey-identity-'))
  file = path.join(scratch, 'home', 'tool', 'device.json')
})
afterEach(() => rmSync(scratch, { recursive: true, force: true }))

const mode = (name: string): number => statSync(name).mode & 0o777
const beside = (): string[] => readdirSync(path.dirname(file)).filter((name) => name !== 'device.json')

type Child = { process: ChildProcess; end: Promise<{ code: number | null; output: string }> }

function load(...flags: string[]): Child {
  const child = spawn(process.execPath, ['--no-warnings', ...flags, CHILD, file], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8')
    })
  return { process: child, end: new Promise((resolve) => child.once('close', (code) => resolve({ code, output: output.trim() }))) } // prettier-ignore
}

describe('the first use of a file', () => {
  test('makes a key of mode 0600 in folders of mode 0700, whatever the umask', () => {
    const before = process.umask(0)
    try {
      loadDeviceIdentity(file)
    } finally {
      process.umask(before)
    }
    expect([file, path.dirname(file), path.join(scratch, 'home')].map(mode)).toEqual([0o600, 0o700, 0o700])
  })

  test('keeps the key, which signs', () => {
    const first = loadDeviceIdentity(file)
    const again = loadDeviceIdentity(file)
    expect(again.deviceId).toBe(first.deviceId)
    expect(again.sign('x')).toBe(first.sign('x'))
    expect(createDeviceIdentity().deviceId).not.toBe(first.deviceId)
  })

  test('by twenty processes at once ends with one key and nothing beside it', async () => {
    const ends = await Promise.all(Array.from({ length: 20 }, () => load().end))
    expect(ends.map(({ code }) => code)).toEqual(ends.map(() => 0))
    expect(new Set(ends.map(({ output }) => output))).toEqual(new Set([loadDeviceIdentity(file).deviceId]))
    expect(beside()).toEqual([])
    expect(mode(file)).toBe(0o600)
  }, 120_000)

  test.each<[string, string, boolean]>([
    ['in the middle of writing', 'fs.writeSync = (fd, text) => { write(fd, text.slice(0, 40)); die() }', false],
    ['before it is on the disk', 'fs.fsyncSync = die', false],
    ['before it has its name', 'fs.linkSync = die', false],
    ['after it has its name', 'fs.unlinkSync = die', true],
  ])('killed %s leaves no half of one, and the next use works', async (_what, patch, isMade) => {
    const dying = `data:text/javascript,${encodeURIComponent(
      `import fs from 'node:fs'; import { syncBuiltinESMExports } from 'node:module'; const write = fs.writeSync;
      const die = () => { process.kill(process.pid, 'SIGKILL'); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0) };
      ${patch}; syncBuiltinESMExports()`,
    )}`
    const killed = await load('--import', dying).end
    expect(killed).toEqual({ code: null, output: '' })
    expect(existsSync(file)).toBe(isMade)
    expect(beside()).toHaveLength(1)
    for (const name of beside()) expect(mode(path.join(path.dirname(file), name))).toBe(0o600)
    const { deviceId } = loadDeviceIdentity(file)
    expect((await load().end).output).toBe(deviceId)
    if (isMade) expect(beside()).toEqual([])
  }) // prettier-ignore

  test('killed again and again does not pile up', async () => {
    const dying = `data:text/javascript,${encodeURIComponent(
      `import fs from 'node:fs'; import { syncBuiltinESMExports } from 'node:module';
      fs.linkSync = () => process.kill(process.pid, 'SIGKILL'); syncBuiltinESMExports()`,
    )}`
    const past = new Date(Date.now() - 3_600_000)
    for (let i = 0; i < 3; i += 1) {
      await load('--import', dying).end
      expect(beside()).toHaveLength(1)
      for (const name of beside()) utimesSync(path.join(path.dirname(file), name), past, past)
    }
  })
})

describe('what killed processes left behind', () => {
  const stray = (): string => `${file}.${randomUUID()}.new`

  test('is swept away by the next creation when it is old, and only then', () => {
    mkdirSync(path.dirname(file), { recursive: true })
    const old = Array.from({ length: 5 }, stray)
    const young = stray()
    const others = [`${file}.bak`, path.join(path.dirname(file), 'other.json')]
    for (const name of [...old, young, ...others]) writeFileSync(name, '{"half')
    const past = new Date(Date.now() - 3_600_000)
    for (const name of [...old, ...others]) utimesSync(name, past, past)
    loadDeviceIdentity(file)
    expect(beside().sort()).toEqual([young, ...others].map((name) => path.basename(name)).sort())
  })

  test('a second name of the key goes at the next use', () => {
    const { deviceId } = loadDeviceIdentity(file)
    linkSync(file, stray())
    expect(loadDeviceIdentity(file).deviceId).toBe(deviceId)
    expect(beside()).toEqual([])
  })
})

describe('a file that is not one of ours', () => {
  const refused = (name = file): string => {
    try {
      loadDeviceIdentity(name)
    } catch (error) {
      expect(error).toMatchObject({ code: 'IDENTITY_INVALID' })
      return (error as Error).message
    }
    throw new Error('it was accepted')
  }
  beforeEach(() => {
    loadDeviceIdentity(file)
  })

  test('a symbolic link, which stays with what it points to', () => {
    const link = path.join(scratch, 'link.json')
    symlinkSync(file, link)
    expect(refused(link)).toMatch(/symbolic link; name the file itself/)
    const dangling = path.join(scratch, 'dangling.json')
    symlinkSync(path.join(scratch, 'nowhere'), dangling)
    expect(refused(dangling)).toMatch(/symbolic link/)
    expect(existsSync(path.join(scratch, 'nowhere'))).toBe(false)
  })

  test.each<[string, string]>([
    ['nothing', ''],
    ['half of one', '{"version":1,"priv'],
    ['another JSON', '[1]'],
    ['a later version', '{"version":2,"privateKey":"x"}'],
    ['no key', '{"version":1,"privateKey":"x"}'],
    ['an RSA key', JSON.stringify({ version: 1, privateKey: rsaKey() })],
    ['too much', ' '.repeat(100_000)],
  ])('%s, which is left as it is', (_what, content) => {
    writeFileSync(file, content)
    expect(refused()).toMatch(/is not a device identity\. Move it away to get a new one/)
    expect(readFileSync(file, 'utf8')).toBe(content)
  })

  test('a folder, and a pipe that nobody writes to', async () => {
    expect(refused(path.dirname(file))).toMatch(/not a device identity/)
    const pipe = path.join(scratch, 'pipe')
    await new Promise((resolve) => spawn('mkfifo', [pipe]).once('close', resolve))
    expect(refused(pipe)).toMatch(/not a device identity/)
  })

  test('one that others could read is closed to them', () => {
    chmodSync(file, 0o644)
    loadDeviceIdentity(file)
    expect(mode(file)).toBe(0o600)
  })

  const asRoot = process.getuid?.() === 0
  ;(asRoot ? test : test.skip)("another user's, who knows the key", () => {
    chownSync(file, 65_534, 65_534)
    expect(refused()).toMatch(/belongs to user id 65534, who knows its key/)
  })

  test('a place where nothing can be written', () => {
    expect(refused(path.join(file, 'below.json'))).toMatch(/cannot be (?:read|written)/)
  })
})

function rsaKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  return String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
}
