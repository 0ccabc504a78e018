import { spawn, type ChildProcess } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
} from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { freePorts } from './free-ports.ts'
import { programPath } from './required-programs.ts'

export type Command = {
  readonly args: readonly string[]
  /** What has to stand before the program, as of another host. */
  readonly prefix?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export type ProgramOptions = {
  /** Its name; installed by a package. */
  readonly program: string
  /** Runs a copy of it under this name. */
  readonly name?: string
  /** Starts as this user. Default: as whoever runs the tests. */
  readonly startAs?: { readonly uid: number; readonly gid: number }
  /** How many ports it needs. All of them are free at every address. */
  readonly ports: number
  /** It is ready when all its ports accept connections at all of these. */
  readonly addresses: readonly string[]
  /** Writes the configuration into a folder of its own, and says how to start it in the foreground. */
  readonly configure: (folder: string, ports: readonly number[]) => Command
}

export type RunningProgram = {
  readonly ports: readonly number[]
  stop(): Promise<void>
}

const START_MS = 15_000
const MAX_RESTARTS = 3
const PORT_TAKEN = /already in use|cannot bind socket|could not bind|forwarding failed|Cannot bind/i

/** Starts a program in the foreground, in a folder of its own that is removed when it stops. */
export async function startProgram(options: ProgramOptions): Promise<RunningProgram> {
  const folder = mkdtempSync(path.join(tmpdir(), `${path.basename(options.program)}-`))
  chmodSync(folder, 0o755)
  const { startAs } = options
  if (startAs !== undefined) chownSync(folder, startAs.uid, startAs.gid)
  const program = copyUnder(options.name, programPath(options.program) ?? options.program, folder)
  const log = path.join(folder, 'output.log')
  // Between finding free ports and listening on them somebody else may take one.
  for (let attempt = 1; ; attempt += 1) {
    const ports = await freePorts(options.ports)
    const { args, prefix = [], env = {} } = options.configure(folder, ports)
    const [first = program, ...rest] = [...prefix, program, ...args]
    const run = (): ChildProcess => {
      const output = openSync(log, 'a')
      const started = spawn(first, rest, {
        stdio: ['ignore', output, output],
        detached: true,
        env: { ...process.env, ...env },
        ...(startAs ?? {}),
      })
      closeSync(output)
      return started
    }
    let child = run()
    const failed = new Promise<void>((resolve) => child.once('error', () => resolve()))
    let restarts = 0
    const stop = async (): Promise<void> => {
      restarts = MAX_RESTARTS
      await end(child)
      rmSync(folder, { recursive: true, force: true })
    }
    const ready = await Promise.race([listens(child, options.addresses, ports), failed.then(() => false)])
    if (ready) {
      // A tunnel may lose its connection under the load of a test run; its user would start it again.
      const startAgain = (): void => {
        if (restarts >= MAX_RESTARTS) return
        restarts += 1
        child = run()
        child.once('error', () => undefined)
        child.once('exit', startAgain)
      }
      child.once('exit', startAgain)
      return { ports, stop }
    }
    const said = readFileSync(log, 'utf8')
    if (attempt < 3 && PORT_TAKEN.test(said)) {
      await end(child)
      continue
    }
    await stop()
    throw new Error(`${options.program} does not listen: ${said.slice(-800)}`)
  }
}

function copyUnder(name: string | undefined, program: string, folder: string): string {
  if (name === undefined) return program
  const copy = path.join(folder, name)
  copyFileSync(program, copy)
  return copy
}

async function listens(
  child: ChildProcess,
  addresses: readonly string[],
  ports: readonly number[],
): Promise<boolean> {
  const deadline = performance.now() + START_MS
  while (child.exitCode === null && child.signalCode === null && performance.now() < deadline) {
    const ends = ports.flatMap((port) => addresses.map((address) => ({ address, port })))
    const answers = await Promise.all(ends.map(({ address, port }) => accepts(address, port)))
    if (answers.every((isOpen) => isOpen)) return true
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
  return false
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const done = (isOpen: boolean) => (): void => {
      socket.destroy()
      resolve(isOpen)
    }
    socket.once('connect', done(true))
    socket.once('error', done(false))
  })
}

/** A master that is asked to stop takes its workers with it; one that does not is ended with its group. */
async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const group = -child.pid
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const timer = setTimeout(() => process.kill(group, 'SIGKILL'), 3000)
  child.kill('SIGTERM')
  await ended
  clearTimeout(timer)
}
