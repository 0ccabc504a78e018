import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { readApache } from '../config-readers/apache.ts'
import { parseApache } from '../config-readers/apache-syntax.ts'
import { readCaddyfile, readCaddyJson } from '../config-readers/caddy.ts'
import { parseCaddyfile } from '../config-readers/caddyfile-syntax.ts'
import { readHaproxy } from '../config-readers/haproxy.ts'
import { readNginx } from '../config-readers/nginx.ts'
import { filesOfDump, parseNginx } from '../config-readers/nginx-syntax.ts'
import type { ConfigFile, Ours, ProxySite } from '../config-readers/proxy-site.ts'
import { includesFrom, matchesPattern, readConfig } from '../config-readers/read-files.ts'
import { green, yellow, type Finding } from './finding.ts'

export type ProxyFlags = {
  readonly nginxConf?: string
  readonly caddyfile?: string
  readonly haproxyCfg?: string
  readonly apacheConf?: string
}

export type ProxyFindings = { readonly findings: readonly Finding[]; readonly sites: number }

type Reader = {
  readonly name: string
  readonly flag: keyof ProxyFlags
  readonly usual: readonly string[]
  readonly read: (config: ConfigFile, ours: Ours, onProblem: (problem: string) => void) => ProxySite[]
}

const READERS: readonly Reader[] = [
  {
    name: 'nginx',
    flag: 'nginxConf',
    usual: ['/etc/nginx/nginx.conf', '/usr/local/etc/nginx/nginx.conf', '/opt/homebrew/etc/nginx/nginx.conf'],
    read: (config, ours, onProblem) =>
      readNginx(parseNginx(config, includesFrom(path.dirname(config.file), onProblem)), ours),
  },
  {
    name: 'Caddy',
    flag: 'caddyfile',
    usual: ['/etc/caddy/Caddyfile', '/etc/caddy/caddy.json'],
    read: readCaddy,
  },
  {
    name: 'HAProxy',
    flag: 'haproxyCfg',
    usual: ['/etc/haproxy/haproxy.cfg'],
    read: (config, ours) => readHaproxy([config], ours),
  },
  {
    name: 'Apache',
    flag: 'apacheConf',
    usual: ['/etc/apache2/apache2.conf', '/etc/httpd/conf/httpd.conf', '/usr/local/apache2/conf/httpd.conf'],
    read: (config, ours, onProblem) => {
      const folder = path.dirname(config.file)
      const root = path.basename(folder) === 'conf' ? path.dirname(folder) : folder
      return readApache(parseApache(config, includesFrom(root, onProblem)), ours)
    },
  },
]

/** What the proxies' configurations on this machine do with what they pass on to the gateway. */
export async function checkProxies(flags: ProxyFlags, ours: Ours): Promise<ProxyFindings> {
  const findings: Finding[] = []
  let sites = 0
  for (const reader of READERS) {
    const named = flags[reader.flag]
    const file = named ?? reader.usual.find((usual) => existsSync(usual))
    if (file === undefined) continue
    const onProblem = (problem: string): void => {
      findings.push(yellow(reader.name, problem, 'Let the doctor read it: run it as a user who may.'))
    }
    const dump = reader.name === 'nginx' && named === undefined ? await nginxDump() : null
    const config = dump?.[0] ?? readConfig(file)
    if (typeof config === 'string') {
      onProblem(config)
      continue
    }
    const found = dump === null ? reader.read(config, ours, onProblem) : ofDump(dump, ours)
    sites += found.length
    findings.push(...found.flatMap((site) => findingsOf(reader.name, site)))
  }
  if (sites === 0) findings.push(green('proxies', `no configuration found that points at port ${ours.port}`))
  return { findings, sites }
}

function findingsOf(name: string, site: ProxySite): Finding[] {
  const { file, line, target, problems } = site
  if (problems.length === 0) return [green(name, `${file}:${line} passes on to ${target} as it should`)]
  return problems.map((problem) => ({
    check: name,
    level: problem.level,
    saw: `${problem.file}:${problem.line} ${problem.saw}`,
    advice: problem.advice,
  }))
}

function readCaddy(config: ConfigFile, ours: Ours, onProblem: (problem: string) => void): ProxySite[] {
  if (config.text.trimStart().startsWith('{') && config.file.endsWith('.json')) {
    try {
      return readCaddyJson(config.file, JSON.parse(config.text), ours)
    } catch {
      onProblem(`${config.file} is not JSON`)
      return []
    }
  }
  return readCaddyfile(parseCaddyfile(config, includesFrom(path.dirname(config.file), onProblem), process.env), ours)
} // prettier-ignore

/** The first file of the dump includes the others by patterns, which the dump has as files by their paths. */
function ofDump(dump: readonly ConfigFile[], ours: Ours): ProxySite[] {
  const [main] = dump
  if (main === undefined) return []
  const root = path.dirname(main.file)
  return readNginx(
    parseNginx(main, (pattern) =>
      dump.filter(({ file }) => matchesPattern(file, path.resolve(root, pattern))),
    ),
    ours,
  )
}

/** What nginx itself would read; `null` when it is not here or may not be asked. */
function nginxDump(): Promise<readonly ConfigFile[] | null> {
  return new Promise((resolve) => {
    const options = { timeout: 10_000, maxBuffer: 32 * 1024 * 1024 }
    execFile('nginx', ['-T', '-q'], options, (error, stdout) => {
      const files = error === null ? filesOfDump(stdout) : []
      resolve(files.length === 0 ? null : files)
    })
  })
}
