import { execFile, spawn } from 'node:child_process'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { runCli, scratchFolder, startProgram, type CliResult } from '../cli/cli-process.ts'
import { freePorts } from '../proxies/free-ports.ts'

const EXAMPLES = path.resolve(import.meta.dirname, '../../examples')

export type ServedExample = {
  readonly url: string
  /** Where its programs have their home, and their keys. */
  readonly home: string
  readonly output: () => string
  /** Runs another file of the example to its end; with an environment of that alone, when one is given. */
  readonly run: (file: string, env?: Readonly<Record<string, string>>) => Promise<CliResult>
  /** Starts one that stays; resolves once it has printed this. */
  readonly start: (file: string, ready: RegExp) => Promise<{ stop(): Promise<void> }>
  readonly cli: (...args: string[]) => Promise<CliResult>
  readonly stop: () => Promise<void>
}

/** Starts `server.js` of an example on a free port, with a state and a home of its own. */
export async function serveExample(
  name: string,
  env: Readonly<Record<string, string>> = {},
): Promise<ServedExample> {
  const folder = scratchFolder()
  const home = path.join(folder.path, 'home')
  const [port = 0] = await freePorts(1)
  const url = `ws://127.0.0.1:${port}/gateway`
  const fileOf = (file: string): string => path.join(EXAMPLES, name, file)
  const served = await startProgram([fileOf('server.js')], /Ready: ws:\/\/127\.0\.0\.1:(\d+)\/gateway/, {
    PORT: String(port),
    LATCHKEY_STATE_DIR: path.join(folder.path, 'state'),
    HOME: home,
    ...env,
  })
  const clientEnv = { ...process.env, LATCHKEY_URL: url, HOME: home }
  return {
    url,
    home,
    output: served.output,
    run: (file, env) =>
      new Promise((resolve) => {
        execFile(process.execPath, [fileOf(file)], { env: env ?? clientEnv }, (error, stdout, stderr) => {
          resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr })
        })
      }),
    async start(file, ready) {
      const child = spawn(process.execPath, [fileOf(file)], {
        env: clientEnv,
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
      await new Promise<void>((resolve, reject) => {
        createInterface({ input: child.stdout }).on('line', (line) => {
          if (ready.test(line)) resolve()
        })
        void ended.then(() => reject(new Error(`${file} has ended`)))
      })
      return {
        async stop() {
          child.kill('SIGTERM')
          await ended
        },
      }
    },
    cli: (...args) => runCli([...args, '--url', url, '--home', path.join(folder.path, 'owner')]),
    async stop() {
      await served.stop()
      folder.remove()
    },
  }
}
