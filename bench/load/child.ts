import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'

/** A process of ours that answers one order at a time. */
export type Child = {
  /** What it told at its start. */
  readonly first: unknown
  readonly ask: (order: unknown) => Promise<unknown>
  /** Without a word to it. */
  readonly kill: () => Promise<void>
}

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export async function startChild(script: string, args: readonly string[] = []): Promise<Child> {
  const execArgv = ['--expose-gc', '--no-warnings']
  const child = fork(new URL(script, import.meta.url), args, { execArgv, stdio: 'inherit' })
  running.add(child)
  const ended = once(child, 'exit').then(() => running.delete(child))
  const next = async (): Promise<unknown> => ((await once(child, 'message')) as [{ told: unknown }])[0].told
  return {
    first: await next(),
    ask: (order) => {
      const answer = next()
      child.send(order as object)
      return answer
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Throws when a process may not have so many files open. */
export function requireFiles(most: number): void {
  const line = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))
  const limit = Number(line?.[1] ?? Infinity)
  if (limit < most) {
    throw new Error(`a process may have ${limit} files open, and one of these needs ${most}: ulimit -n ${most} raises that, or take fewer clients`) // prettier-ignore
  }
}

/** A number from the environment. */
export function setting(name: string, fallback: number): number {
  const value = Number(process.env[name] ?? fallback)
  if (Number.isInteger(value) && value > 0) return value
  throw new Error(`${name}: got ${process.env[name] ?? ''}, expected a whole number above 0`)
}
