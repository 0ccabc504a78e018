import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { streamModule } from './required-programs.ts'
import { startProgram, type RunningProgram } from './running-program.ts'

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

export type Nginx = RunningProgram

const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

/** Starts Debian's nginx in the foreground, with a folder and a configuration of its own. Ports as the servers. */
export function startNginx(options: NginxOptions): Promise<Nginx> {
  return startProgram({
    program: 'nginx',
    ...(options.name === undefined ? {} : { name: options.name }),
    ports: options.servers.length,
    addresses: options.addresses,
    configure(folder, ports) {
      const file = path.join(folder, 'nginx.conf')
      writeFileSync(file, configuration(folder, options, ports))
      return { args: ['-e', 'stderr', '-p', folder, '-c', file] }
    },
  })
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
    'error_log stderr warn;',
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
