import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { startProgram, type RunningProgram } from './running-program.ts'
import type { ProxyOptions } from './proxy-catalogue.ts'
import { systemUser } from './system-users.ts'

/** The lines of a site. */
export type CaddyServer = readonly string[]

/** Each site listens on all addresses, on the same port. Ports as the sites. */
export function startCaddy(options: ProxyOptions<CaddyServer>): Promise<RunningProgram> {
  const { name, user, servers, addresses } = options
  return startProgram({
    program: 'caddy',
    ...(name === undefined ? {} : { name }),
    ...(user === undefined ? {} : { startAs: systemUser(user) }),
    ports: servers.length,
    addresses,
    configure(folder, ports) {
      const file = path.join(folder, 'Caddyfile')
      const lines = [
        '{',
        ...['admin off', 'auto_https off', 'grace_period 1s'],
        '}',
        ...servers.flatMap((server, index) => [
          `http://:${ports[index] ?? 0} {`,
          `bind ${addresses.join(' ')}`,
          ...server,
          '}',
        ]),
      ]
      writeFileSync(file, `${lines.join('\n')}\n`)
      const env = { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }
      return { args: ['run', '--adapter', 'caddyfile', '--config', file], env }
    },
  })
}
