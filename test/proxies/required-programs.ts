import { existsSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from '@jest/globals'

const FOLDERS = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/sbin', '/usr/bin', '/bin']

/** Where a program is; ordinary users' PATH leaves out what only the administrator needs. */
export function programPath(name: string): string | null {
  return FOLDERS.map((folder) => path.join(folder, name)).find((file) => existsSync(file)) ?? null
}

/** Where Debian's package puts nginx's stream module. */
export function streamModule(): string | null {
  const places = ['/usr/lib/nginx/modules', '/usr/share/nginx/modules', '/usr/lib64/nginx/modules']
  return places.map((folder) => `${folder}/ngx_stream_module.so`).find((file) => existsSync(file)) ?? null
}

/** Programs, and the package that has each. */
const PACKAGES = {
  haproxy: 'haproxy',
  caddy: 'caddy',
  apache2: 'apache2',
  socat: 'socat',
  sshd: 'openssh-server',
  ssh: 'openssh-client',
  'ssh-keygen': 'openssh-client',
} as const

export type Requirement = 'nginx' | 'second host' | keyof typeof PACKAGES

/** Like `describe`. What is missing is named in a skipped test, which with CI=true is a failed one. */
export function describeWith(requirements: readonly Requirement[], title: string, body: () => void): void {
  const missing = [...new Set(requirements.flatMap(missingFor))]
  if (missing.length === 0) {
    describe(title, body)
    return
  }
  const name = `${title} (not run: this machine lacks ${missing.join(', ')})`
  if (process.env.CI === 'true') {
    it(name, () => {
      throw new Error(`with CI=true everything has to run; missing: ${missing.join(', ')}`)
    })
    return
  }
  console.warn(`NOT RUN: ${name}`)
  it.skip(name, () => undefined)
}

function missingFor(requirement: Requirement): string[] {
  const missing: string[] = []
  if (process.platform !== 'linux') missing.push('Linux')
  if (process.getuid?.() !== 0) missing.push('root')
  if (requirement === 'nginx') {
    if (programPath('nginx') === null) missing.push('nginx')
    if (streamModule() === null) missing.push('libnginx-mod-stream')
  } else if (requirement === 'second host') {
    if (programPath('ip') === null) missing.push('iproute2')
  } else if (programPath(requirement) === null) missing.push(PACKAGES[requirement])
  return missing
}
