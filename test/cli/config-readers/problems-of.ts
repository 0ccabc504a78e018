import type { Ours, ProxySite } from '../../../lib/cli/config-readers/proxy-site.ts'

export const OURS: Ours = { port: 4747, hosts: ['192.0.2.5'], sockets: ['/run/gateway.sock'] }

/** `level file:line saw` of each problem; `null` when nothing points at the gateway. */
export function problemsOf(sites: readonly ProxySite[]): string[] | null {
  if (sites.length === 0) return null
  return sites.flatMap((site) =>
    site.problems.map(({ level, file, line, saw }) => `${level} ${file}:${line} ${saw}`),
  )
}
