import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { freePorts } from './proxies/free-ports.ts'

/** A server that a test started, or the one that `LATCHKEY_TEST_POSTGRES_URL` names. */
export type PostgresServer = {
  /** Of a new, empty database. */
  database(): Promise<string>
  /** As the superuser of the server, in the database of that URL. */
  query<R extends pg.QueryResultRow>(url: string, sql: string, values?: unknown[]): Promise<R[]>
  stop(): Promise<void>
}

/** One that the test itself runs, so that it can stop it and start it again. */
export type OwnPostgresServer = PostgresServer & {
  readonly port: number
  readonly folder: string
  /** Puts a line before those of pg_hba.conf. */
  allow(line: string): Promise<void>
  /** The way `pg_ctl` names it: `fast` and `immediate` end what is under way. */
  halt(mode: 'fast' | 'immediate'): Promise<void>
  start(): Promise<void>
}

/** As whom the server runs where this process is root: not as `nobody`, as whom other tests look at processes. */
const SERVER_USER = userOfPackage()

function userOfPackage(): { readonly uid: number; readonly gid: number } {
  const [, uid, gid] = /^postgres:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8')) ?? []
  return uid === undefined ? { uid: 65534, gid: 65534 } : { uid: Number(uid), gid: Number(gid) }
}

/** What goes before a command line, so that it runs as that user. */
export function asServerUser(): string[] {
  if (process.geteuid?.() !== 0) return []
  return ['setpriv', `--reuid=${SERVER_USER.uid}`, `--regid=${SERVER_USER.gid}`, '--clear-groups', '--']
}

/** Gives a file to that user, where it is another one. */
export function giveToServer(file: string): void {
  if (process.geteuid?.() === 0) chownSync(file, SERVER_USER.uid, SERVER_USER.gid)
}

/** Where Debian and others keep the programs of the newest version; `null`: they are not installed. */
export function postgresPrograms(): string | null {
  const versions = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : []
  const folders = versions
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => path.join('/usr/lib/postgresql', version, 'bin'))
  return (
    [...folders, ...(process.env.PATH ?? '').split(path.delimiter)].find((folder) =>
      existsSync(path.join(folder, 'initdb')),
    ) ?? null
  )
}

/** Starts a server in a temporary folder on a free port; by another user where this one is root, as it demands. */
export async function startPostgres(
  settings: Readonly<Record<string, string>> = {},
  root = tmpdir(),
): Promise<OwnPostgresServer> {
  const programs = postgresPrograms()
  if (programs === null) throw new Error('PostgreSQL is not installed: apt-get install postgresql')
  const folder = mkdtempSync(path.join(root, 'latchkey-pg-'))
  const data = path.join(folder, 'data')
  const asOther = asServerUser()
  chmodSync(folder, 0o755)
  mkdirSync(data, { mode: 0o700 })
  for (const entry of [folder, data]) giveToServer(entry)
  const run = (args: readonly string[]): void => {
    const [command = '', ...rest] = [...asOther, ...args]
    const { status, stderr, stdout } = spawnSync(command, rest, { encoding: 'utf8', cwd: folder })
    if (status !== 0) throw new Error(`${args.join(' ')}: ${stderr}${stdout}`)
  }
  run([
    path.join(programs, 'initdb'),
    '-D',
    data,
    '-U',
    'postgres',
    '-E',
    'UTF8',
    '--locale=C.UTF-8',
    '--auth=trust',
    '--no-sync',
  ])
  const [port = 0] = await freePorts(1)
  let child: ChildProcess | null = null
  let watchdog: ChildProcess | null = null

  async function start(): Promise<void> {
    const given = {
      listen_addresses: '127.0.0.1',
      port: String(port),
      unix_socket_directories: folder,
      ...settings,
    }
    const flags = Object.entries(given).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const [command = '', ...rest] = [...asOther, path.join(programs ?? '', 'postgres'), '-D', data, ...flags]
    const started = spawn(command, rest, { stdio: 'ignore', cwd: folder })
    child = started
    watchdog = endWithUs(started.pid ?? 0, folder)
    for (let attempt = 0; ; attempt += 1) {
      if (await answers(server.port)) return
      if (started.exitCode !== null || attempt > 600) throw new Error('PostgreSQL does not start')
      await sleep(50)
    }
  }

  async function halt(mode: 'fast' | 'immediate'): Promise<void> {
    const ending = child
    child = null
    if (ending === null || ending.exitCode !== null) return
    const ended = new Promise((resolve) => ending.once('exit', resolve))
    ending.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT')
    await ended
    watchdog?.kill('SIGKILL')
  }

  const urlOf = (name: string): string => `postgres://postgres@127.0.0.1:${port}/${name}`
  const server: OwnPostgresServer = {
    port,
    folder,
    ...accessTo(urlOf),
    async allow(line) {
      const file = path.join(data, 'pg_hba.conf')
      writeFileSync(file, `${line}\n${readFileSync(file, 'utf8')}`)
      await query(urlOf('postgres'), 'select pg_reload_conf()')
    },
    halt,
    start,
    async stop() {
      await halt('immediate')
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await start()
  return server
}

/** Ends the server, and removes its folder, when this process has gone, however that came about. */
function endWithUs(pid: number, folder: string): ChildProcess {
  // Its standard input ends with us.
  const script = `read -r _; kill -QUIT ${pid}; sleep 2; rm -rf "$1"`
  return spawn('sh', ['-c', script, 'sh', folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
}

/** The server named in the environment, else one of our own. */
export async function anyPostgres(): Promise<PostgresServer> {
  const given = process.env.LATCHKEY_TEST_POSTGRES_URL
  if (given === undefined || given === '') return startPostgres({ fsync: 'off' })
  const urlOf = (name: string): string => {
    const url = new URL(given)
    url.pathname = `/${name}`
    return url.href
  }
  return { ...accessTo(urlOf), stop: () => Promise.resolve() }
}

let made = 0

function accessTo(urlOf: (name: string) => string): Pick<PostgresServer, 'database' | 'query'> {
  return {
    async database() {
      made += 1
      const name = `latchkey_${process.pid}_${made}`
      await query(urlOf('postgres'), `create database ${name} template template0`)
      return urlOf(name)
    },
    query,
  }
}

async function query<R extends pg.QueryResultRow>(
  url: string,
  sql: string,
  values: unknown[] = [],
): Promise<R[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query<R>(sql, values)).rows
  } finally {
    await client.end()
  }
}

async function answers(port: number): Promise<boolean> {
  try {
    await query(`postgres://postgres@127.0.0.1:${port}/postgres`, 'select 1')
    return true
  } catch {
    return false
  }
}
