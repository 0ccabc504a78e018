import { spawn } from 'node:child_process'
import type { NoticeChannel } from './notifier.ts'

const TIMEOUT_MS = 10_000
/** What opens something is not handed on to the program. */
const SECRETS = ['LATCHKEY_NOTIFY_SECRET', 'LATCHKEY_STORE_URL', 'LATCHKEY_TOKEN', 'LATCHKEY_PASSWORD']

/**
 * Runs a program for a notice. What strangers chose stands on its standard input alone, never in an argument or
 * the environment, and no shell sees any of it. Latchkey's own secrets are left out of its environment.
 */
export function commandChannel([program = '', ...args]: readonly string[]): NoticeChannel {
  return {
    name: 'command',
    send: (notice) =>
      new Promise((resolve, reject) => {
        const env = { ...process.env }
        for (const name of SECRETS) Reflect.deleteProperty(env, name)
        const child = spawn(program, args, { env, stdio: ['pipe', 'ignore', 'ignore'] })
        const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS)
        timer.unref()
        child.once('error', reject)
        child.once('exit', (code, signal) => {
          clearTimeout(timer)
          if (code === 0) resolve()
          else reject(new Error(`${program} ended with ${code === null ? String(signal) : String(code)}`))
        })
        // A program that does not read its input may close it.
        child.stdin.on('error', () => undefined)
        child.stdin.end(JSON.stringify(notice))
      }),
  }
}
