import path from 'node:path'
import { userInfo } from 'node:os'
import { startApache } from './apache.ts'
import { startCaddy } from './caddy.ts'
import { startHaproxy } from './haproxy.ts'
import { startNginx } from './nginx.ts'
import {
  CONFIGURATIONS,
  type Configuration,
  type ProxyProgram,
  type RunName,
  type Upstream,
} from './proxy-catalogue.ts'
import { startProgram, type RunningProgram } from './running-program.ts'
import type { SecondHost } from './second-host.ts'
import { makeSshKeys, startSocat, startSsh, startSshd, type SshKeys } from './tcp-forwarders.ts'

export type HostName = 'the second host' | 'this host'
export const HOSTS: readonly HostName[] = ['the second host', 'this host']

export type Endpoint = { readonly host: string; readonly port: number }

/** One server of one proxy, under one user, in front of one gateway. */
type Job = {
  readonly configuration: Configuration
  readonly run: RunName
  readonly trust: number
  readonly upstream: Upstream
}

export type ProxyFleet = {
  endpoint(configuration: Configuration, run: RunName, trust: number, from: HostName): Endpoint
  stop(): Promise<void>
}

export type FleetOptions = {
  readonly second: SecondHost
  /** How many trust lists there are. */
  readonly trusts: number
  /** The gateway behind a configuration. */
  readonly gatewayPort: (configuration: Configuration, run: RunName, trust: number) => number
}

const PACKAGE_USERS: Partial<Readonly<Record<ProxyProgram, string>>> = {
  HAProxy: 'haproxy',
  Caddy: 'caddy',
  Apache: 'www-data',
  nginx: 'www-data',
  socat: 'nobody',
  'ssh -L': 'nobody',
  'ssh -R': 'nobody',
}
/** A name that says nothing. */
const ALIAS = 'helper'
const NEAR = '127.0.0.1'

/** Starts every proxy of the catalogue: first those that others stand in front of. */
export async function startFleet(options: FleetOptions): Promise<ProxyFleet> {
  const { second } = options
  const running: RunningProgram[] = []
  const endpoints = new Map<string, Endpoint>()
  const keys = makeSshKeys()
  const addresses = [NEAR, second.nearAddress]

  function jobsOf(program: ProxyProgram, run: RunName): Job[] {
    const wanted = CONFIGURATIONS.filter(
      (configuration) => configuration.program === program && configuration.runs.includes(run),
    )
    return wanted.flatMap((configuration) =>
      Array.from({ length: options.trusts }, (_, trust) => {
        const { into } = configuration
        const inner = CONFIGURATIONS.find(
          ({ program: name, title }) => name === into?.program && title === into.title,
        )
        const port =
          inner === undefined
            ? options.gatewayPort(configuration, run, trust)
            : found(inner, run, trust, 'this host').port
        return { configuration, run, trust, upstream: { port } }
      }),
    )
  }

  function found(configuration: Configuration, run: RunName, trust: number, from: HostName): Endpoint {
    const endpoint = endpoints.get(keyOf(configuration, run, trust, from))
    if (endpoint === undefined)
      throw new Error(`nobody listens for ${keyOf(configuration, run, trust, from)}`)
    return endpoint
  }

  function keep(jobs: readonly Job[], from: HostName, host: string, ports: readonly number[]): void {
    jobs.forEach(({ configuration, run, trust }, index) => {
      endpoints.set(keyOf(configuration, run, trust, from), { host, port: ports[index] ?? 0 })
    })
  }

  async function add(started: Promise<RunningProgram>): Promise<readonly number[]> {
    const program = await started
    running.push(program)
    return program.ports
  }

  /** A proxy that listens at all our addresses. */
  async function addServer(
    program: ProxyProgram,
    run: RunName,
    start: (jobs: readonly Job[]) => Promise<RunningProgram>,
  ): Promise<void> {
    const jobs = jobsOf(program, run)
    if (jobs.length === 0) return
    const ports = await add(start(jobs))
    keep(jobs, 'this host', NEAR, ports)
    keep(jobs, 'the second host', second.nearAddress, ports)
  }

  async function addServers(run: RunName): Promise<void> {
    const lines = (jobs: readonly Job[]): (readonly string[])[] =>
      jobs.map(({ configuration, upstream }) => configuration.http?.(upstream) ?? [])
    const as = (program: ProxyProgram): { user?: string; name?: string } => ({
      ...userOf(program, run),
      ...nameOf(run),
    })
    await Promise.all([
      addServer('Caddy', run, (jobs) => startCaddy({ ...as('Caddy'), servers: lines(jobs), addresses })),
      // It refuses to serve as root: under our own user means that its user counts as ours.
      addServer('Apache', run, (jobs) => startApache({ ...nameOf(run), servers: lines(jobs), addresses })),
      addServer('node proxy', run, startNodeProxy),
    ])
    await Promise.all([
      addServer('HAProxy', run, (jobs) =>
        startHaproxy({ ...as('HAProxy'), servers: lines(jobs), addresses }),
      ),
      addServer('nginx', run, (jobs) => {
        const servers = jobs.flatMap(({ configuration, upstream }) => configuration.nginx?.(upstream) ?? [])
        return startNginx({ user: userInfo().username, ...as('nginx'), servers, addresses })
      }),
      addSocats(run),
      addSsh(run, keys),
    ])
  }

  async function addSocats(run: RunName): Promise<void> {
    const jobs = jobsOf('socat', run)
    const options = { ...userOf('socat', run), ...nameOf(run) }
    const ports = await Promise.all(jobs.map(({ upstream }) => add(startSocat(upstream.port, NEAR, options))))
    keep(jobs, 'this host', NEAR, ports.flat())
    keep(jobs, 'the second host', second.nearAddress, ports.flat())
  }

  async function addSsh(run: RunName, keys: SshKeys): Promise<void> {
    const local = jobsOf('ssh -L', run)
    const remote = jobsOf('ssh -R', run)
    const portsOf = (jobs: readonly Job[]): number[] => jobs.map(({ upstream }) => upstream.port)
    const user = userOf('ssh -L', run)
    const login = user.user ?? userInfo().username
    const [[nearPort = 0], [farPort = 0]] = await Promise.all([
      add(startSshd(keys, NEAR, [], nameOf(run))),
      add(startSshd(keys, second.address, second.prefix, {})),
    ])
    const at = { direction: 'L', login, upstreams: portsOf(local) } as const
    const [here, there, back] = await Promise.all([
      add(startSsh(keys, { ...at, server: { host: NEAR, port: nearPort }, open: NEAR, prefix: [] }, {})),
      add(
        startSsh(
          keys,
          {
            ...at,
            server: { host: second.nearAddress, port: nearPort },
            open: second.address,
            prefix: second.prefix,
          },
          {},
        ),
      ),
      add(
        startSsh(
          keys,
          {
            direction: 'R',
            login: userInfo().username,
            server: { host: second.address, port: farPort },
            upstreams: portsOf(remote),
            open: second.address,
            prefix: [],
          },
          { ...user, ...nameOf(run) },
        ),
      ),
    ])
    keep(local, 'this host', NEAR, here)
    keep(local, 'the second host', NEAR, there)
    keep(remote, 'this host', second.address, back)
    keep(remote, 'the second host', NEAR, back)
  }

  async function stop(): Promise<void> {
    await Promise.all(running.map((program) => program.stop()))
    keys.remove()
  }

  try {
    await Promise.all((['package', 'own', 'renamed'] as const).map(addServers))
  } catch (error) {
    await stop()
    throw error
  }
  return { endpoint: found, stop }
}

function startNodeProxy(jobs: readonly Job[]): Promise<RunningProgram> {
  return startProgram({
    program: process.execPath,
    ports: jobs.length,
    addresses: [NEAR],
    configure: (_, ports) => ({
      args: [
        ...['--experimental-strip-types', '--no-warnings'],
        path.join(import.meta.dirname, 'children/node-proxy.ts'),
        ...jobs.flatMap(({ upstream }, index) => [String(ports[index]), String(upstream.port)]),
      ],
    }),
  })
}

function userOf(program: ProxyProgram, run: RunName): { readonly user?: string } {
  const user = PACKAGE_USERS[program]
  return run === 'package' && user !== undefined ? { user } : {}
}

function nameOf(run: RunName): { readonly name?: string } {
  return run === 'renamed' ? { name: ALIAS } : {}
}

function keyOf(configuration: Configuration, run: RunName, trust: number, from: HostName): string {
  const { program, title } = configuration
  return [program, title, run, trust, from].join(' | ')
}
