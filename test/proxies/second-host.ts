import { execFileSync } from 'node:child_process'
import { programPath } from './required-programs.ts'

/** Another machine on the other end of a cable, made of a network namespace. Needs root. */
export type SecondHost = {
  /** Our end of the cable. */
  readonly nearAddress: string
  /** Its own address. */
  readonly address: string
  /** CIDR range of the cable. */
  readonly network: string
  /** What has to stand before a command that is to run there. */
  readonly prefix: readonly string[]
  close(): void
}

/** Names and addresses come from the process id, so that several runs do not meet. */
export function secondHost(): SecondHost {
  const program = programPath('ip') ?? 'ip'
  const ip = (...args: string[]): string => execFileSync(program, args, { encoding: 'utf8' })
  const name = `second-${process.pid}`
  const cable = `lk${process.pid.toString(36)}`
  const { network, nearAddress, address } = freeNetwork(ip('-4', '-o', 'addr', 'show'))

  function close(): void {
    for (const pid of ip('netns', 'pids', name).split('\n')) if (pid !== '') end(Number(pid))
    try {
      ip('link', 'delete', `${cable}n`)
    } finally {
      ip('netns', 'delete', name)
    }
  }

  ip('netns', 'add', name)
  try {
    ip('link', 'add', `${cable}n`, 'type', 'veth', 'peer', 'name', `${cable}f`, 'netns', name)
    ip('addr', 'add', `${nearAddress}/30`, 'dev', `${cable}n`)
    ip('link', 'set', `${cable}n`, 'up')
    ip('-n', name, 'addr', 'add', `${address}/30`, 'dev', `${cable}f`)
    ip('-n', name, 'link', 'set', `${cable}f`, 'up')
    ip('-n', name, 'link', 'set', 'lo', 'up')
  } catch (error) {
    close()
    throw error
  }
  return { nearAddress, address, network, prefix: [program, 'netns', 'exec', name], close }
}

function freeNetwork(taken: string): Pick<SecondHost, 'network' | 'nearAddress' | 'address'> {
  for (let attempt = 0; attempt < 64; attempt += 1) {
    const number = (process.pid + attempt * 251) % (254 * 64)
    const base = `10.77.${1 + Math.floor(number / 64)}`
    const first = (number % 64) * 4
    const nearAddress = `${base}.${first + 1}`
    if (taken.includes(` ${nearAddress}/`)) continue
    return { nearAddress, address: `${base}.${first + 2}`, network: `${base}.${first}/30` }
  }
  throw new Error('every network that the tests may use is taken')
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
