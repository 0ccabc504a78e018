import { withoutFields, type HeaderField } from '../request-head.ts'
import { appended, endToEnd, hostOf, isUpgrade, type PassOn, type ProxiedRequest } from './proxied-request.ts'

type Changes = { readonly set: readonly HeaderField[]; readonly remove?: readonly string[] }

/** As Go writes a request: Host, User-Agent, then the rest by name, each name in its canonical case. */
function caddy(change: (request: ProxiedRequest) => Changes): PassOn {
  return (request) => {
    const { head } = request
    const { set, remove = [] } = change(request)
    const replaced = [...set.map(([name]) => name.toLowerCase()), ...remove]
    const upgrade: HeaderField[] = isUpgrade(head) ? [['Connection', 'Upgrade'], ['Upgrade', 'websocket']] : [] // prettier-ignore
    const all = [...withoutFields(endToEnd(head), replaced), ...set, ...upgrade].map(([name, value]): HeaderField => [canonical(name), value]) // prettier-ignore
    const first = ['host', 'user-agent']
    const leading = first.flatMap((name) => all.filter(([other]) => other.toLowerCase() === name))
    const rest = withoutFields(all, first).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    return { ...head, version: '1.1', fields: [...leading, ...rest] }
  }
}

function canonical(name: string): string {
  return name.toLowerCase().replaceAll(/(?:^|-)[a-z]/g, (letter) => letter.toUpperCase())
}

const forwarded = (proto: string): ((request: ProxiedRequest) => Changes) =>
  ({ head, client }) => ({
    set: [
      ['X-Forwarded-For', client],
      ['X-Forwarded-Host', hostOf(head)],
      ['X-Forwarded-Proto', proto],
    ],
  }) // prettier-ignore

/** Configurations that were measured with Caddy 2.6. */
export const CADDY = {
  /** `reverse_proxy` alone: overwrites what the client claims. */
  caddy: caddy(forwarded('http')),
  /** The same behind its own TLS. */
  'caddy-tls': caddy(forwarded('https')),
  /** `trusted_proxies private_ranges`, for a client in one of those ranges: it is believed. */
  'caddy-trusted': caddy(({ head, client }) => ({
    set: [
      ['X-Forwarded-For', appended(head, 'x-forwarded-for', client)],
      ['X-Forwarded-Host', claimed(head.fields, 'x-forwarded-host') ?? hostOf(head)],
      ['X-Forwarded-Proto', claimed(head.fields, 'x-forwarded-proto') ?? 'http'],
      ['X-Real-IP', client],
    ],
  })),
  /** `header_up -X-Forwarded-*`: the mistake that makes everybody look local. */
  'caddy-stripped': caddy(() => ({ set: [], remove: ['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'] })), // prettier-ignore
} as const

function claimed(fields: readonly HeaderField[], name: string): string | undefined {
  return fields.find(([other]) => other.toLowerCase() === name)?.[1]
}
