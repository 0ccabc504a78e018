import { withoutFields, type HeaderField } from '../request-head.ts'
import { appended, hostOf, isUpgrade, type PassOn, type ProxiedRequest } from './proxied-request.ts'

type Directive = readonly [name: string, value: (request: ProxiedRequest) => string]

/** The two lines of nginx's page on WebSockets, with the `map` that goes with them. */
const UPGRADE: readonly Directive[] = [
  ['Upgrade', ({ head }) => (isUpgrade(head) ? 'websocket' : '')],
  ['Connection', ({ head }) => (isUpgrade(head) ? 'upgrade' : 'close')],
]
const HTTP_HOST: Directive = ['Host', ({ head }) => hostOf(head)]
const REAL_IP: Directive = ['X-Real-IP', ({ client }) => client]
const APPEND: Directive = ['X-Forwarded-For', ({ head, client }) => appended(head, 'x-forwarded-for', client)]
const OVERWRITE: Directive = ['X-Forwarded-For', ({ client }) => client]
const PROTO: Directive = ['X-Forwarded-Proto', () => 'http']

/** `proxy_set_header` lines in their order; an empty value leaves the field out. What is not set gets a default. */
function nginx(version: '1.0' | '1.1', set: readonly Directive[]): PassOn {
  return (request) => {
    const { head, upstream } = request
    const own: HeaderField[] = set.map(([name, value]) => [name, value(request)])
    for (const [name, value] of [['Host', upstream], ['Connection', 'close']] as const)
      if (!own.some(([other]) => other === name)) own.push([name, value])
    const replaced = [...own.map(([name]) => name.toLowerCase()), 'upgrade', 'keep-alive', 'te', 'expect']
    return { ...head, version, fields: [...own.filter(([, value]) => value !== ''), ...withoutFields(head.fields, replaced)] } // prettier-ignore
  }
}

/** Configurations that were measured with nginx 1.22. */
export const NGINX = {
  /** `proxy_pass` alone. */
  'nginx-bare': nginx('1.0', []),
  /** Debian's proxy_params. */
  'nginx-debian': nginx('1.0', [['Host', ({ head }) => hostOf(head).replace(/:\d+$/, '')], REAL_IP, APPEND, PROTO]), // prettier-ignore
  /** nginx's own page on WebSockets, which says nothing of the client. */
  'nginx-websocket': nginx('1.1', UPGRADE),
  /** ... with the client's Host. */
  'nginx-host': nginx('1.1', [...UPGRADE, HTTP_HOST]),
  /** All of it: Host, X-Real-IP, X-Forwarded-For, -Proto, -Host. */
  'nginx-recommended': nginx('1.1', [
    ...UPGRADE,
    HTTP_HOST,
    REAL_IP,
    APPEND,
    PROTO,
    ['X-Forwarded-Host', ({ head }) => hostOf(head)],
  ]),
  /** X-Forwarded-For: $remote_addr, and Forwarded. */
  'nginx-overwrite': nginx('1.1', [
    ...UPGRADE,
    HTTP_HOST,
    OVERWRITE,
    ['Forwarded', ({ client }) => `for=${client};proto=http`],
  ]),
} as const
