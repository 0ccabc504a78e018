import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, expect, jest, test } from '@jest/globals'
import { MAIN, scratchFolder } from '../cli/cli-process.ts'
import { portsOutOfReach } from '../proxies/free-ports.ts'
import { latchkeyClient } from './built-package.ts'

jest.setTimeout(180_000)

const CLIENTS = 200

type Serving = { url: string; pid: number; ended: Promise<number | NodeJS.Signals | null>; signal(name: NodeJS.Signals): void } // prettier-ignore
const started: Serving[] = []
/** What the gateways wrote to their standard error. */
const said: string[] = []
const scratch = scratchFolder()
afterEach(() => {
  for (const one of started) one.signal('SIGKILL')
  started.length = 0
})

async function serve(port: number): Promise<Serving> {
  const config = path.join(scratch.path, 'config.mjs')
  writeFileSync(config, 'export default { gateway: { limits: { unauthenticatedPerPrefix: 500 } } }')
  const args = [
    MAIN,
    'serve',
    '--config',
    config,
    '--port',
    String(port),
    '--state-dir',
    path.join(scratch.path, 'state'),
  ]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()))
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.once('exit', (code, signal) => resolve(signal ?? code)),
  )
  const lines = createInterface({ input: child.stdout })
  const url = await new Promise<string>((resolve, reject) => {
    void ended.then((how) => reject(new Error(`ended with ${how} before it listened: ${said.join('')}`)))
    lines.on('line', (line) => {
      const found = /listens on (ws:\S+),/.exec(line)?.[1]
      if (found !== undefined) resolve(found)
    })
  })
  const serving = { url, pid: child.pid ?? 0, ended, signal: (name: NodeJS.Signals) => void child.kill(name) }
  started.push(serving)
  return serving
}

test(`SIGTERM ends ${CLIENTS} clients in order, and all of them come back, not at the same moment`, async () => {
  const port = await portsOutOfReach(1)
  const first = await serve(port)
  const pauses: number[] = []
  const refused: unknown[] = []
  let tell: () => void = () => undefined
  const isRefused = new Promise<void>((resolve) => (tell = resolve))
  let shutDowns = 0
  let backs = 0
  const clients = Array.from({ length: CLIENTS }, () => {
    const client = latchkeyClient.gatewayClient({
      url: first.url,
      identity: latchkeyClient.createDeviceIdentity(),
      scopes: ['operator.read'],
      timeoutMs: 60_000,
      onEvent(event: string, payload: unknown) {
        if (event !== 'shutdown') return
        shutDowns += 1
        pauses.push((payload as { restartExpectedMs: number }).restartExpectedMs)
      },
      onPairingRequired(error: unknown) {
        // What the kernel said of it, among other things.
        refused.push((error as { details?: unknown }).details)
        tell()
      },
      onState(state: string) {
        if (state === 'connected') backs += 1
      },
    })
    return client
  })
  const areConnected = Promise.all(clients.map((client) => client.connected()))
  await Promise.race([areConnected, isRefused])
  expect([refused, said]).toEqual([[], []])
  // One call each is under way when it is asked to stop.
  const calls = clients.map((client) => client.request('health').then(() => true, () => false)) // prettier-ignore
  first.signal('SIGTERM')
  expect(await first.ended).toBe(0)
  expect((await Promise.all(calls)).filter((isAnswered) => isAnswered).length).toBeGreaterThan(0)
  expect(shutDowns).toBe(CLIENTS)
  expect(new Set(pauses).size).toBeGreaterThan(CLIENTS / 2)
  expect(Math.max(...pauses) - Math.min(...pauses)).toBeGreaterThan(2500)
  await serve(port)
  await Promise.all(clients.map((client) => client.request('health')))
  expect(backs).toBe(2 * CLIENTS)
  for (const client of clients) client.close()
})

test('a second SIGTERM ends it at once', async () => {
  const serving = await serve(0)
  serving.signal('SIGTERM')
  serving.signal('SIGTERM')
  expect([0, 1]).toContain(await serving.ended)
  scratch.remove()
})
