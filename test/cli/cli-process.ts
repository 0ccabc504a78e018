import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

export const MAIN = path.resolve(import.meta.dirname, '../../dist/cli/main.js')

export type CliResult = { code: number; stdout: string; stderr: string }

/** A temporary folder that `remove` takes away. */
export function scratchFolder(): { path: string; remove: () => void } {
  const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-cli-'))
  return { path: folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Runs the built command line to its end. */
export function runCli(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CliResult> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [MAIN, ...args],
      { env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1
        resolve({ code, stdout, stderr })
      },
    )
  })
}

export type Served = { url: string; port: number; output: () => string; stop: () => Promise<number | null> }

/** Starts a program that prints the port it listens on, and waits until it has. */
export function startProgram(
  args: readonly string[],
  portPattern: RegExp,
  env: Readonly<Record<string, string>> = {},
): Promise<Served> {
  const child: ChildProcess = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  return new Promise((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString('utf8')
      const port = portPattern.exec(output)?.[1]
      if (port === undefined) return
      resolve({
        port: Number(port),
        url: `ws://127.0.0.1:${port}/gateway`,
        output: () => output,
        stop: () => {
          child.kill('SIGTERM')
          return exited
        },
      })
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    void exited.then((code) => reject(new Error(`it ended with ${String(code)}:\n${output}`)))
  })
}

export function serve(folder: string, ...more: readonly string[]): Promise<Served> {
  const args = [MAIN, 'serve', '--port', '0', '--state-dir', path.join(folder, 'state'), ...more]
  return startProgram(args, /listens on ws:\/\/127\.0\.0\.1:(\d+)\/gateway/)
}
