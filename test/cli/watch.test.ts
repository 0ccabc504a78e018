import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import path from 'node:path'
import { afterEach, expect, jest, test } from '@jest/globals'
import { MAIN, runCli, scratchFolder, serve, type Served } from './cli-process.ts'
import { cliInPty } from './pty.ts'
import { FAR } from './served-gateway.ts'

// Each starts several processes, one after the other.
jest.setTimeout(120_000)

let scratch: ReturnType<typeof scratchFolder>
let gateway: Served
afterEach(async () => {
  await gateway.stop()
  scratch.remove()
})

async function start(): Promise<string[]> {
  scratch = scratchFolder()
  gateway = await serve(scratch.path)
  return ['--url', gateway.url, '--home', path.join(scratch.path, 'home')]
}

type Line = { type: string; ts: number; event?: string; payload?: object; pending?: object[] }

/** `latchkey watch --json`, line by line. */
function watchJson(options: readonly string[]) {
  const child = spawn(process.execPath, [MAIN, 'watch', '--json', ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  const lines = (): Line[] =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line)
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve))
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8')
  })
  return {
    lines,
    exited,
    stop: () => child.kill('SIGINT'),
    until: (condition: (lines: Line[]) => boolean) =>
      new Promise<void>((resolve, reject) => {
        const look = (): void => {
          if (condition(lines())) resolve()
        }
        child.stdout.on('data', look)
        look()
        void exited.then(() => reject(new Error(`ended:\n${text}`)))
      }),
  }
}

/** Who comes and goes is told some time later, between any two others. */
const withoutPresence = (lines: Line[]): Line[] => lines.filter((line) => line.event !== 'device.presence')

test('prints an object per line: what waits, each event, what waits then; Ctrl-C ends it well', async () => {
  const options = await start()
  const watch = watchJson(options)
  await watch.until((lines) => lines.some((line) => line.type === 'pending'))
  await runCli(['call', 'health', ...FAR, ...options])
  await watch.until((lines) => withoutPresence(lines).at(-1)?.pending?.length === 1)
  const [request] = withoutPresence(watch.lines()).at(-1)?.pending as [{ requestId: string; digest: string }]
  await runCli(['reject', request.requestId, ...options])
  await watch.until(
    (lines) =>
      lines.some((line) => line.event === 'device.pair.resolved') &&
      withoutPresence(lines).at(-1)?.pending?.length === 0,
  )
  const told = withoutPresence(watch.lines())
  expect(told.map((line) => line.event ?? line.type)).toEqual([
    'connected',
    'pending',
    'device.pair.requested',
    'pending',
    'device.pair.resolved',
    'pending',
  ])
  expect(told[2]?.payload).toMatchObject(request)
  watch.stop()
  expect(await watch.exited).toBe(0)
})

test('connects again when the gateway was started anew', async () => {
  const options = await start()
  const watch = watchJson(options)
  await watch.until((lines) => lines.some((line) => line.type === 'pending'))
  await gateway.stop()
  await watch.until((lines) => lines.some((line) => line.type === 'disconnected'))
  gateway = await serve(scratch.path, '--port', String(gateway.port))
  await watch.until((lines) => lines.filter((line) => line.type === 'connected').length === 2)
  watch.stop()
  expect(await watch.exited).toBe(0)
})

test('Ctrl-C ends it while it tries to connect', async () => {
  const options = await start()
  const watch = watchJson(options)
  await watch.until((lines) => lines.some((line) => line.type === 'pending'))
  await gateway.stop()
  // Takes connections, and says nothing.
  const silent = createServer()
  await new Promise<void>((resolve) => silent.listen(gateway.port, '127.0.0.1', resolve))
  const [accepted] = (await once(silent, 'connection')) as [Socket]
  watch.stop()
  expect(await watch.exited).toBe(0)
  accepted.destroy()
  silent.close()
})

test('people see a line for the event and the request; Ctrl-C at the terminal ends with 0', async () => {
  const options = await start()
  const terminal = cliInPty(['watch', ...options])
  await terminal.until(/Nobody is waiting\./)
  await runCli(['call', 'health', ...FAR, ...options])
  await terminal.until(/"latchkey call", key ([0-9a-f]{4} ?){4} from 127\.0\.0\.1 waits for your approval/)
  await terminal.until(/adds {6}the role operator with/)
  terminal.type('\u0003')
  expect(await terminal.exited).toBe(0)
})

test('a gateway that is not there ends it, and so does one that refuses', async () => {
  const options = await start()
  const nobody = await runCli(['watch', '--url', 'ws://127.0.0.1:9/gateway', '--home', scratch.path])
  expect(nobody.code).toBe(5)
  expect((await runCli(['watch', '--json', ...options, '--url', 'nonsense'])).code).toBe(5)
})
