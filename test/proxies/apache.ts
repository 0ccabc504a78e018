import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { startProgram, type RunningProgram } from './running-program.ts'
import type { ProxyOptions } from './proxy-catalogue.ts'

/** The lines of a virtual host. */
export type ApacheServer = readonly string[]

const MODULES = '/usr/lib/apache2/modules'

/** Each virtual host listens on all addresses, on the same port. Ports as the hosts. It refuses to serve as root. */
export function startApache(options: ProxyOptions<ApacheServer>): Promise<RunningProgram> {
  const { name, user = 'www-data', servers, addresses } = options
  return startProgram({
    program: 'apache2',
    ...(name === undefined ? {} : { name }),
    ports: servers.length,
    addresses,
    configure(folder, ports) {
      const file = path.join(folder, 'apache2.conf')
      const lines = [
        `ServerRoot ${folder}`,
        `DefaultRuntimeDir ${folder}`,
        `PidFile ${folder}/apache2.pid`,
        'ErrorLog /dev/stderr',
        'ServerName localhost',
        `User ${user}`,
        `Group ${user}`,
        ...['mpm_event', 'authz_core', 'proxy', 'proxy_http'].map(
          (module) => `LoadModule ${module}_module ${MODULES}/mod_${module}.so`,
        ),
        'StartServers 2',
        ...servers.flatMap((server, index) => [
          ...addresses.map((address) => `Listen ${address}:${ports[index] ?? 0}`),
          `<VirtualHost *:${ports[index] ?? 0}>`,
          ...server,
          '</VirtualHost>',
        ]),
      ]
      writeFileSync(file, `${lines.join('\n')}\n`)
      return { args: ['-D', 'FOREGROUND', '-f', file] }
    },
  })
}
