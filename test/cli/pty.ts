import { spawn } from 'node:child_process'
import path from 'node:path'
import { MAIN } from './cli-process.ts'

const PTY = path.resolve(import.meta.dirname, 'children/run_in_pty.py')

export type PtySession = {
  /** All that has arrived, as UTF-8. */
  output(): string
  type(text: string): void
  /** Resolves once the output matches; rejects when the program ends before. */
  until(pattern: RegExp): Promise<void>
  readonly exited: Promise<number | null>
}

/** Runs the built command line in a pseudo-terminal. */
export function cliInPty(args: readonly string[], env: Readonly<Record<string, string>> = {}): PtySession {
  const child = spawn('python3', [PTY, process.execPath, MAIN, ...args], {
    env: { ...process.env, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', TERM: 'xterm', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const chunks: Buffer[] = []
  const output = (): string => Buffer.concat(chunks).toString('utf8')
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve))
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  // What is typed after the end has nowhere to go.
  child.stdin.on('error', () => undefined)
  return {
    output,
    exited,
    type: (text) => {
      child.stdin.write(text)
    },
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (pattern.test(output())) resolve()
        }
        child.stdout.on('data', look)
        look()
        void exited.then((code) => {
          if (!pattern.test(output())) reject(new Error(`ended with ${String(code)}, no ${String(pattern)} in:\n${output()}`)) // prettier-ignore
        })
      }),
  }
}

/** The characters that could act on a terminal, once the command line's own colours and line ends are gone. */
export function foreignControls(output: string): string[] {
  const text = output.replaceAll(/\u001b\[[0-9;]*m/g, '').replaceAll(/\r*\n/g, '')
  return text.match(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}]/gu) ?? []
}
