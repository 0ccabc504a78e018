import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { serveExample, type ServedExample } from './example-program.ts'

// Each example is several processes.
jest.setTimeout(180_000)

const root = path.resolve(import.meta.dirname, '../..')
const examples = readdirSync(path.join(root, 'examples'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)

let example: ServedExample | null = null
const serve = async (name: string): Promise<ServedExample> => (example = await serveExample(name))
afterEach(async () => {
  await example?.stop()
  example = null
})

const nobodyWaits = async ({ cli }: ServedExample): Promise<void> =>
  expect((await cli('requests')).stdout).toBe('Nobody is waiting.\n')

describe.each(examples)('%s', (name) => {
  test('is in the README, in one line, and short', () => {
    const readme = readFileSync(path.join(root, 'README.md'), 'utf8')
    const section = /\n## Examples\n([\s\S]*?)\n## /.exec(readme)?.[1] ?? ''
    expect(section.split('\n').filter((line) => line.includes(`(examples/${name}/)`))).toHaveLength(1)
    for (const file of readdirSync(path.join(root, 'examples', name))) {
      const code = readFileSync(path.join(root, 'examples', name, file), 'utf8')
      expect([file, code.split('\n').length <= 60]).toEqual([file, true])
    }
  })
})

test('call-gateway: a scope per call, no prompt, and no more than the scope', async () => {
  const { run } = await serve('call-gateway')
  const ran = await run('call.js')
  expect(ran.stderr).toBe('')
  expect(ran.stdout.split('\n')).toEqual([
    'notes.add with operator.write: 1',
    'notes.list with operator.read: ["{\\"text\\":\\"water the plants\\"}"]',
    'notes.clear with operator.admin: 1',
    'refused: missing scope: operator.admin',
    '',
  ])
  await nobodyWaits(example as ServedExample)
})

test('spawned-session: the child of the gateway calls back with a scope of its own', async () => {
  const { run } = await serve('spawned-session')
  const ran = await run('start.js')
  expect(ran).toEqual({ code: 0, stderr: '', stdout: "{ id: 'session-1', state: 'done' }\n" })
  await nobodyWaits(example as ServedExample)
})

test('scheduled-job: runs as cron runs it, and says what to do where it is refused', async () => {
  const { run, url, home, cli } = await serve('scheduled-job')
  const cron = { HOME: home, LATCHKEY_URL: url, SHELL: '/bin/sh', PATH: '/usr/bin:/bin' }
  expect(await run('job.js', cron)).toEqual({ code: 0, stderr: '', stdout: '{ runs: 1 }\n' })
  expect(await run('job.js', cron)).toEqual({ code: 0, stderr: '', stdout: '{ runs: 2 }\n' })
  await nobodyWaits(example as ServedExample)
  // Where nobody listens it fails aloud, so that cron sends a mail.
  const lost = await run('job.js', { ...cron, LATCHKEY_URL: 'ws://127.0.0.1:1/gateway' })
  expect([lost.code, lost.stderr]).toEqual([1, expect.stringContaining('cannot be reached')])
  // What the crontab line says is there.
  const [, line] =
    /^\/\/ {3}(\*.*)$/m.exec(readFileSync(path.join(root, 'examples/scheduled-job/job.js'), 'utf8')) ?? []
  expect(line).toMatch(/^(\S+ ){5}\/\S+\/node \/\S+\/examples\/scheduled-job\/job\.js$/)
  expect((await cli('devices')).code).toBe(0)
})

test('node-device: stays connected, answers, and comes back after a revocation', async () => {
  const { start, cli } = await serve('node-device')
  const ask = (question: string): Promise<{ code: number; stdout: string }> =>
    cli('call', 'nodes.ask', JSON.stringify({ question }), '--scope', 'operator.write')
  expect((await ask('uptime')).code).toBe(1)
  const device = await start('device.js', /^Connected as node/)
  try {
    const uptime = JSON.parse((await answered(() => ask('uptime'))).stdout) as {
      answer: unknown
      deviceId: string
    }
    expect(uptime).toEqual({ deviceId: expect.stringMatching(/^[0-9a-f]{64}$/), answer: expect.any(Number) })
    const inherited = JSON.parse((await answered(() => ask('constructor'))).stdout) as { answer: unknown }
    expect(inherited.answer).toBe('unknown question')

    const { deviceId } = uptime
    const revoke = ['call', 'device.token.revoke', JSON.stringify({ deviceId, role: 'node' })]
    expect((await cli(...revoke, '--scope', 'operator.admin')).code).toBe(0)
    expect((await answered(() => ask('hostname'))).code).toBe(0)
  } finally {
    await device.stop()
  }
})

/** The device needs a moment between two questions, and longer to come back. */
async function answered<T extends { code: number }>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    const answer = await ask()
    if (answer.code === 0 || attempt === 20) return answer
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

test('approval-policy: the office may read, by its address and not by its name; everything else asks', async () => {
  const { cli, home, output } = await serve('approval-policy')
  const call = (key: string, from: string, scope: string): Promise<{ code: number; stdout: string }> =>
    cli(
      'call',
      'notes.list',
      '--scope',
      scope,
      '--header',
      `X-Forwarded-For: ${from}`,
      '--identity',
      `${home}/${key}`,
    )
  expect((await call('a', '192.0.2.44', 'operator.read')).stdout).toContain('water the plants')
  expect((await call('b', '192.0.2.45', 'operator.write')).code).toBe(3)
  expect((await call('c', '203.0.113.7', 'operator.read')).code).toBe(3)
  // Said by the client in front of the proxy's own: the proxy's counts.
  expect((await call('d', '192.0.2.44, 203.0.113.7', 'operator.read')).code).toBe(3)
  // More than it was approved for.
  expect((await call('a', '192.0.2.44', 'operator.admin')).code).toBe(3)
  expect(output()).toContain('"latchkey call" from 203.0.113.7')
  const waiting = JSON.parse((await cli('requests', '--json')).stdout) as unknown[]
  expect(waiting).toHaveLength(4)
})
