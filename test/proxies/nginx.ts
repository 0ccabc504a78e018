import { spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { freePorts } from './free-ports.ts'
import { programPath, streamModule } from './required-programs.ts'

/** One server of nginx: where it listens is chosen when nginx starts. */
export type NginxServer = {
  /** `http`: the lines of `location /`. `stream`: the lines of the server. */
  readonly module: 'http' | 'stream'
  readonly lines: readonly string[]
}

export type NginxOptions = {
  /** Whose processes the workers are. */
  readonly user: string
  readonly servers: readonly NginxServer[]
  /** Each server listens on all of these, on the same port. */
  readonly addresses: readonly string[]
  /** Runs a copy of the program under another name. */
  readonly name?: string
}

export type Nginx = {
  /** In the order of the servers. */
  readonly ports: readonly number[]
  stop(): Promise<void>
}

const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
const START_MS = 10_000

/** Starts Debian's nginx in the foreground, with a folder and a configuration of its own. */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const folder = mkdtempSync(path.join(tmpdir(), 'nginx-'))
  chmodSync(folder, 0o755)
  let program = programPath('nginx') ?? 'nginx'
  if (options.name !== undefined) {
    copyFileSync(program, path.join(folder, options.name))
    program = path.join(folder, options.name)
  }
  const log = path.join(folder, 'error.log')
  // Between finding free ports and listening on them somebody else may take one.
  for (let attempt = 1; ; attempt += 1) {
    const ports = await freePorts(options.servers.length)
    writeFileSync(path.join(folder, 'nginx.conf'), configuration(folder, options, ports))
    const args = ['-e', log, '-p', folder, '-c', path.join(folder, 'nginx.conf')]
    const child = spawn(program, args, { stdio: 'ignore', detached: true })
    const stop = async (): Promise<void> => {
      await end(child)
      rmSync(folder, { recursive: true, force: true })
    }
    if (await listens(child, options.addresses, ports)) return { ports, stop }
    const said = readFileSync(log, 'utf8')
    if (attempt < 3 && said.includes('Address already in use')) {
      await end(child)
      continue
    }
    await stop()
    throw new Error(`nginx does not listen: ${said.slice(-600)}`)
  }
}

function configuration(folder: string, options: NginxOptions, ports: readonly number[]): string {
  const servers = (module: NginxServer['module']): string[] =>
    options.servers.flatMap((server, index) => {
      if (server.module !== module) return []
      const listen = options.addresses.map((address) => `listen ${address}:${ports[index] ?? 0};`)
      const body = module === 'http' ? ['location / {', ...server.lines, '}'] : server.lines
      return ['server {', ...listen, ...body, '}']
    })
  return [
    `load_module ${streamModule() ?? ''};`,
    'daemon off;',
    `user ${options.user};`,
    'worker_processes 1;',
    `pid ${folder}/nginx.pid;`,
    `error_log ${folder}/error.log warn;`,
    'events { worker_connections 1024; }',
    'http {',
    'access_log off;',
    ...TEMPORARY.map((name) => {
      mkdirSync(`${folder}/${name}`, { recursive: true })
      return `${name}_temp_path ${folder}/${name};`
    }),
    "map $http_upgrade $connection_upgrade { default upgrade; '' close; }",
    ...servers('http'),
    '}',
    'stream {',
    ...servers('stream'),
    '}',
    '',
  ].join('\n')
}

async function listens(
  child: ChildProcess,
  addresses: readonly string[],
  ports: readonly number[],
): Promise<boolean> {
  const deadline = performance.now() + START_MS
  const last = ports.at(-1) ?? 0
  while (child.exitCode === null && child.signalCode === null && performance.now() < deadline) {
    const answers = await Promise.all(addresses.map((address) => accepts(address, last)))
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
