import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { GatewayOptions } from '../../lib/index.ts'
import type { Crash } from './crashing-store.ts'

export type AppOptions = Pick<GatewayOptions, 'locality' | 'limits' | 'auth'> & {
  /** Of the store `latchkey.db` and of `app.log`. */
  readonly folder: string
  readonly crash?: Crash | null
  /** A PostgreSQL database in place of the file in the folder. */
  readonly database?: string | null
}

export type AppProcess = {
  readonly port: number
  readonly url: string
  /** kill -9 */
  readonly kill: () => void
  /** Resolves once it has ended, by whatever. */
  readonly ended: Promise<number | NodeJS.Signals | null>
  stop(): Promise<void>
}

export class AppEnded extends Error {}

/**
 * Serves `children/serve-app.ts` from a process of its own; it ends with ours.
 *
 * @param onStart is handed the way to kill it before it listens
 * @throws {AppEnded} when it ends before it listens
 */
export async function startApp(
  options: AppOptions,
  onStart: (kill: () => void) => void = () => undefined,
): Promise<AppProcess> {
  const program = path.join(import.meta.dirname, 'children/serve-app.ts')
  const args = ['--experimental-strip-types', '--no-warnings', program, JSON.stringify(options)]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env } })
  const complaints: Buffer[] = []
  child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk))
  child.stdin.on('error', () => undefined)
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('close', (code, signal) => resolve(signal ?? code))
  })
  const kill = (): void => void child.kill('SIGKILL')
  onStart(kill)
  const port = await new Promise<number>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => {
      resolve((JSON.parse(line) as { port: number }).port)
    })
    void ended.then((how) =>
      reject(new AppEnded(`the app ended with ${String(how)}: ${Buffer.concat(complaints).toString()}`)),
    )
  })
  return {
    port,
    url: `ws://127.0.0.1:${port}/gateway`,
    kill,
    ended,
    async stop() {
      child.stdin.end()
      const timer = setTimeout(kill, 10_000)
      await ended
      clearTimeout(timer)
    },
  }
}

/** A folder for an app and its clients; `remove` takes it away. */
export function appFolder(): { readonly path: string; remove(): void } {
  const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-scenario-'))
  return { path: folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** What the app has logged, line by line: `['event', …]`, or a level with its message and fields. */
export function appLog(folder: string): unknown[][] {
  const lines = readFileSync(path.join(folder, 'app.log'), { encoding: 'utf8', flag: 'a+' }).split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as unknown[])
}
