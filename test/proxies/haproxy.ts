import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { startProgram, type RunningProgram } from './running-program.ts'
import type { ProxyOptions } from './proxy-catalogue.ts'

/** The lines of a `listen` section. */
export type HaproxyServer = readonly string[]

/** Each server listens on all addresses, on the same port. Ports as the servers. */
export function startHaproxy(options: ProxyOptions<HaproxyServer>): Promise<RunningProgram> {
  const { name, user, servers, addresses } = options
  return startProgram({
    program: 'haproxy',
    ...(name === undefined ? {} : { name }),
    ports: servers.length,
    addresses,
    configure(folder, ports) {
      const file = path.join(folder, 'haproxy.cfg')
      const lines = [
        'global',
        'maxconn 1000',
        ...(user === undefined ? [] : [`user ${user}`, `group ${user}`]),
        'defaults',
        ...['connect', 'client', 'server', 'tunnel'].map((what) => `timeout ${what} 30s`),
        ...servers.flatMap((server, index) => [
          `listen server-${index}`,
          ...addresses.map((address) => `bind ${address}:${ports[index] ?? 0}`),
          ...server,
        ]),
      ]
      writeFileSync(file, `${lines.join('\n')}\n`)
      return { args: ['-db', '-f', file] }
    },
  })
}
