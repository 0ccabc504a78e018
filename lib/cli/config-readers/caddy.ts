import type { CaddyLine } from './caddyfile-syntax.ts'
import { isOurs, type Ours, type ProxySite } from './proxy-site.ts'
import { caddyProblems, type HeaderChange } from './caddy-problems.ts'

/** The places where a Caddyfile passes requests on to the gateway, and what is wrong with each. */
export function readCaddyfile(tree: readonly CaddyLine[], ours: Ours): ProxySite[] {
  return tree.flatMap((line) => {
    const inside = line.block === null ? [] : readCaddyfile(line.block, ours)
    if (line.words[0] !== 'reverse_proxy') return inside
    const to = (line.block ?? []).filter(({ words }) => words[0] === 'to').flatMap(({ words }) => words.slice(1))
    const target = [...line.words.slice(1), ...to].find((upstream) => isTarget(upstream, ours))
    if (target === undefined) return inside
    const { file } = line
    return [{ file, line: line.line, target, problems: caddyProblems(changesOf(line), { file, line: line.line }, target) }]
  })
} // prettier-ignore

/** `header_up [+-?]Name [value [replacement]]` */
function changesOf({ block }: CaddyLine): HeaderChange[] {
  return (block ?? [])
    .filter(({ words }) => words[0] === 'header_up')
    .map(({ words, file, line }) => {
      const [, name = '', value = '', replacement] = words
      const isDelete = name.startsWith('-')
      return {
        action: isDelete ? 'delete' : 'set',
        name: name.replace(/^[-+?>]+/, '').toLowerCase(),
        value: replacement ?? value,
        file,
        line,
      }
    })
}

type Fields = Readonly<Record<string, unknown>>

/** The same for Caddy's JSON. It has no lines to point at, so each is line 1. */
export function readCaddyJson(file: string, config: unknown, ours: Ours): ProxySite[] {
  if (Array.isArray(config)) return config.flatMap((entry: unknown) => readCaddyJson(file, entry, ours))
  if (!isFields(config)) return []
  const inside = Object.values(config).flatMap((value) => readCaddyJson(file, value, ours))
  if (config.handler !== 'reverse_proxy') return inside
  const upstreams = Array.isArray(config.upstreams) ? (config.upstreams as unknown[]) : []
  const dials = upstreams.map((upstream) => (isFields(upstream) ? String(upstream.dial) : ''))
  const target = dials.find((dial) => isTarget(dial, ours))
  if (target === undefined) return inside
  const headers = isFields(config.headers) ? config.headers : {}
  const changes = isFields(headers.request) ? jsonChanges(file, headers.request) : []
  return [{ file, line: 1, target, problems: caddyProblems(changes, { file, line: 1 }, target) }, ...inside]
}

function jsonChanges(file: string, request: Fields): HeaderChange[] {
  const at = { file, line: 1 }
  const deleted = Array.isArray(request.delete) ? (request.delete as unknown[]) : []
  const written = (['set', 'add'] as const).flatMap((key) => {
    const fields = request[key]
    return isFields(fields) ? Object.entries(fields) : []
  })
  return [
    ...deleted.map((name) => ({ action: 'delete' as const, name: String(name).toLowerCase(), value: '', ...at })),
    ...written.map(([name, values]) => {
      const value = Array.isArray(values) ? values.map(String).join(', ') : String(values)
      return { action: 'set' as const, name: name.toLowerCase(), value, ...at }
    }),
  ]
} // prettier-ignore

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** `host:port`, `:port`, `h2c://host:port`, `unix//path`; a port may be a range. */
function isTarget(upstream: string, ours: Ours): boolean {
  const socket = /^unix(?:\+\w+)?\/(\/[^|]+)/.exec(upstream)?.[1]
  if (socket !== undefined) return ours.sockets.includes(socket)
  const authority = upstream.replace(/^(?:\w+:\/\/|tcp[46]?\/)/, '').replace(/\/$/, '')
  const range = /^(.*):(\d{1,5})-(\d{1,5})$/.exec(authority)
  if (range === null) return isOurs(ours, authority)
  const isInside = Number(range[2]) <= ours.port && ours.port <= Number(range[3])
  return isInside && isOurs(ours, `${range[1] ?? ''}:${ours.port}`)
}
