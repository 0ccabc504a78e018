import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import {
  accessSync,
  chmodSync,
  closeSync,
  openSync,
  readFileSync,
  copyFileSync,
  cpSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { PeerEvidence } from '../../../lib/locality/verdict.ts'

/** What the look-up through `/proc` says, and what the one through netlink says. */
export type BothAnswers = PeerEvidence & { readonly netlink: PeerEvidence }

export const NEAR_ADDRESS = '10.77.0.1'
export const FAR_ADDRESS = '10.77.0.2'
export const NOBODY = 65534

const TOOLS = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }
const ROOT = path.resolve(import.meta.dirname, '../../..')

export type Probe = {
  readonly port: number
  /** What the gateway made of the caller with this label; rejects after a few seconds without one. */
  evidenceOf(label: string): Promise<BothAnswers>
}

/** Two machines with one cable between them, made of network namespaces. Needs root. */
export type TwoHosts = {
  readonly near: string
  readonly far: string
  /** Copies of what an ordinary user has to be able to read. */
  readonly folder: string
  readonly node: string
  run(host: 'near' | 'far', uid: number, command: readonly string[]): ChildProcess
  /** Sends a request with this label from `host` to the address as soon as something listens there. */
  feed(host: 'near' | 'far', uid: number, address: string, port: number, label: string): ChildProcess
  /** A gateway on the near host, started through `wrapper`; it runs until `close`. */
  probe(uid: number, wrapper?: string): Promise<Probe>
  nft(rules: string): void
  stop(child: ChildProcess): void
  close(): void
}

export function twoHosts(): TwoHosts {
  const near = `near-${process.pid}`
  const far = `far-${process.pid}`
  const hosts = { near, far }
  const folder = mkdtempSync(path.join(tmpdir(), 'two-hosts-'))
  chmodSync(folder, 0o755)
  cpSync(path.join(ROOT, 'lib'), path.join(folder, 'lib'), { recursive: true })
  cpSync(import.meta.dirname, path.join(folder, 'test/evidence/linux'), { recursive: true })
  copyFileSync(path.join(ROOT, 'package.json'), path.join(folder, 'package.json'))
  for (const part of ['koffi', '@koromix']) {
    const name = path.join('node_modules', part)
    cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true, dereference: true })
  }
  const node = path.join(folder, 'node')
  if (isForEverybody(process.execPath)) symlinkSync(process.execPath, node)
  else copyFileSync(process.execPath, node)

  for (const host of [near, far]) ip('netns', 'add', host)
  ip('link', 'add', 'cable', 'netns', near, 'type', 'veth', 'peer', 'name', 'cable', 'netns', far)
  for (const [host, address] of [
    [near, NEAR_ADDRESS],
    [far, FAR_ADDRESS],
  ] as const) {
    ip('-n', host, 'addr', 'add', `${address}/24`, 'dev', 'cable')
    ip('-n', host, 'link', 'set', 'cable', 'up')
    ip('-n', host, 'link', 'set', 'lo', 'up')
  }
  ip('netns', 'exec', near, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet')

  const log = path.join(folder, 'log')
  /** In a session of its own, so that nothing above the test run is taken for its ancestor. */
  function start(
    host: 'near' | 'far',
    uid: number,
    command: readonly string[],
    stdout: 'ignore' | 'pipe',
  ): ChildProcess {
    const drop = uid === 0 ? [] : ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups']
    // Nothing but files for its streams: pipes of Node are sockets, and these would be ones of another namespace.
    const stderr = openSync(log, 'a')
    const child = spawn('ip', ['netns', 'exec', hosts[host], ...drop, ...command], {
      cwd: '/',
      detached: true,
      env: TOOLS,
      stdio: ['ignore', stdout, stderr],
    })
    closeSync(stderr)
    return child
  }

  return {
    near,
    far,
    folder,
    node,
    run: (host, uid, command) => start(host, uid, command, 'ignore'),
    feed(host, uid, address, port, label) {
      const script = `until { exec 3<>/dev/tcp/${address}/${port}; } 2>/dev/null; do sleep .03; done
        printf 'GET /${label} HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n' >&3; sleep 30`
      return start(host, uid, ['bash', '-c', script], 'ignore')
    },
    probe(uid, wrapper) {
      const command = [node, `${folder}/test/evidence/linux/specimens/probe-gateway.ts`]
      return readProbe(start('near', uid, [...(wrapper?.split(' ') ?? []), ...command], 'pipe'), log)
    },
    nft: (rules) =>
      void execFileSync('ip', ['netns', 'exec', near, 'nft', '-f', '-'], { input: rules, env: TOOLS }),
    stop: ({ pid }) => {
      if (pid !== undefined) endGroup(pid)
    },
    close() {
      for (const host of [near, far]) {
        for (const pid of ip('netns', 'pids', host).split('\n')) if (pid !== '') end(Number(pid))
        ip('netns', 'delete', host)
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function readProbe(child: ChildProcess, log: string): Promise<Probe> {
  const seen = new Map<string, BothAnswers>()
  const listeners = new Map<string, (evidence: BothAnswers) => void>()
  const evidenceOf = (label: string): Promise<BothAnswers> => {
    const known = seen.get(label)
    if (known !== undefined) return Promise.resolve(known)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`nobody called as ${label}; the last words: ${lastWords(log)}`)),
        8_000,
      )
      listeners.set(label, (evidence) => {
        clearTimeout(timer)
        resolve(evidence)
      })
    })
  }
  return new Promise((resolve, reject) => {
    child.on('exit', () => reject(new Error('the probe has ended')))
    if (child.stdout === null) return
    createInterface(child.stdout).on('line', (line) => {
      const said = JSON.parse(line) as { port?: number; label?: string; evidence?: BothAnswers }
      if (said.port !== undefined) resolve({ port: said.port, evidenceOf })
      if (said.label === undefined || said.evidence === undefined || seen.has(said.label)) return
      seen.set(said.label, said.evidence)
      listeners.get(said.label)?.(said.evidence)
    })
  })
}

function lastWords(log: string): string {
  return readFileSync(log, 'utf8').slice(-400)
}

function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', env: TOOLS })
}

/** `ip netns exec` becomes the command itself, so the group is the session that was started for it. */
function endGroup(pid: number): void {
  end(-pid)
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

function isForEverybody(file: string): boolean {
  try {
    execFileSync('setpriv', [`--reuid=${NOBODY}`, '--clear-groups', 'test', '-x', file], {
      stdio: 'ignore',
      env: TOOLS,
    })
    accessSync(file)
    return true
  } catch {
    return false
  }
}
