import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export type Child = {
  process: ChildProcess
  /** Its standard output so far, by line. */
  lines: string[]
  /** Resolves with the exit code, or with the signal that ended it; all lines are in by then. */
  ended: Promise<number | string | null>
}

/** Runs one of the TypeScript files in this folder, in a process of its own. */
export function runChild(script: string, ...args: string[]): Child {
  const file = fileURLToPath(new URL(script, import.meta.url))
  const flags = ['--experimental-strip-types', '--no-warnings']
  const child = spawn(process.execPath, [...flags, file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
  const ended = new Promise<number | string | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve(signal ?? code))
  })
  return { process: child, lines, ended }
}
