import type { NginxServer } from './nginx.ts'
import { RECOMMENDED, WEBSOCKET } from './nginx-recipes.ts'

/** As whom a proxy runs: its package's user, the gateway's, or that one and under another file name. */
export type RunName = 'package' | 'own' | 'renamed'

export type ProxyProgram =
  'HAProxy' | 'Caddy' | 'Apache' | 'nginx' | 'socat' | 'ssh -L' | 'ssh -R' | 'node proxy'

export type ProxyOptions<Server> = {
  /** Whose processes its workers are. Default: whoever runs the tests. */
  readonly user?: string
  /** Runs a copy of the program under another name. */
  readonly name?: string
  readonly servers: readonly Server[]
  /** Each server listens on all of these, on the same port. */
  readonly addresses: readonly string[]
}

/** Where a server passes everything on to. */
export type Upstream = { readonly port: number }

type Lines = (upstream: Upstream) => readonly string[]

export type Configuration = {
  readonly program: ProxyProgram
  readonly title: string
  readonly runs: readonly RunName[]
  /** The gateway learns the client's own address, whatever the client forges. */
  readonly isRecommended: boolean
  /** Rules 1-8 are content with a client that sends `Host: localhost`: the kernel alone gives it away. */
  readonly looksLocal?: true
  /** For people and for the configuration: what goes into the server's section. */
  readonly http?: Lines
  readonly nginx?: (upstream: Upstream) => NginxServer
  /** Gateways behind it are told to read `Forwarded`. */
  readonly forwardedBy?: 'forwarded'
  /** It stands in front of this one, not of the gateway. */
  readonly into?: { readonly program: ProxyProgram; readonly title: string }
  /** Only a part of another one: nobody asks it directly. */
  readonly innerOnly?: true
}

const SINGLE: readonly RunName[] = ['package', 'own']
const WITH_RENAMED: readonly RunName[] = ['package', 'own', 'renamed']
const JUST_OWN: readonly RunName[] = ['own']

const haproxy =
  (...lines: string[]): Lines =>
  ({ port }) => [...lines, `server upstream 127.0.0.1:${port}`]

/** Without this, a client has the next proxy erase the header: HAProxy passes `Connection: X-Forwarded-For` on. */
const OWN_CONNECTION = [
  'http-request set-header Connection upgrade if { req.hdr(Upgrade) -m found }',
  'http-request del-header Connection unless { req.hdr(Upgrade) -m found }',
]

const caddy =
  (...lines: string[]): Lines =>
  ({ port }) => [`reverse_proxy 127.0.0.1:${port} {`, ...lines, '}']

const apache =
  (...lines: string[]): Lines =>
  ({ port }) => [`ProxyPass / http://127.0.0.1:${port}/ upgrade=websocket`, ...lines]

const FORWARDED = [
  ...RECOMMENDED.slice(0, 3),
  'proxy_set_header Host $host;',
  'proxy_set_header Forwarded "for=$remote_addr;proto=$scheme";',
  "proxy_set_header X-Forwarded-For '';",
]

const nginx =
  (module: NginxServer['module'], lines: readonly string[]) =>
  ({ port }: Upstream): NginxServer => ({
    module,
    lines: [`proxy_pass ${module === 'http' ? 'http://' : ''}127.0.0.1:${port};`, ...lines],
  })

export const CONFIGURATIONS: readonly Configuration[] = [
  {
    program: 'HAProxy',
    title: 'default',
    runs: WITH_RENAMED,
    isRecommended: false,
    looksLocal: true,
    http: haproxy('mode http'),
  },
  {
    program: 'HAProxy',
    title: '`option forwardfor`',
    runs: SINGLE,
    isRecommended: true,
    http: haproxy('mode http', 'option forwardfor'),
  },
  {
    program: 'HAProxy',
    title: '`Forwarded`, read with `forwardedBy`',
    runs: SINGLE,
    isRecommended: true,
    forwardedBy: 'forwarded',
    http: haproxy(
      'mode http',
      'http-request del-header X-Forwarded-For',
      'http-request set-header Forwarded for=%[src]',
    ),
  },
  {
    program: 'HAProxy',
    title: '`mode tcp`',
    runs: SINGLE,
    isRecommended: false,
    looksLocal: true,
    http: haproxy('mode tcp'),
  },
  {
    program: 'Caddy',
    title: '`reverse_proxy`',
    runs: WITH_RENAMED,
    isRecommended: true,
    http: caddy(),
  },
  {
    program: 'Caddy',
    title: '`header_up -X-Forwarded-For`',
    runs: SINGLE,
    isRecommended: false,
    http: caddy('header_up -X-Forwarded-For'),
  },
  {
    program: 'Caddy',
    title: '`header_up -X-Forwarded-*`',
    runs: SINGLE,
    isRecommended: false,
    looksLocal: true,
    http: caddy('header_up -X-Forwarded-*'),
  },
  {
    program: 'Caddy',
    title: '`trusted_proxies`',
    runs: JUST_OWN,
    isRecommended: false,
    innerOnly: true,
    http: caddy('trusted_proxies 127.0.0.1/32'),
  },
  {
    program: 'Apache',
    title: '`ProxyPass`',
    runs: SINGLE,
    isRecommended: true,
    http: apache(),
  },
  {
    program: 'Apache',
    title: '`ProxyPreserveHost On`',
    runs: SINGLE,
    isRecommended: true,
    http: apache('ProxyPreserveHost On'),
  },
  {
    program: 'Apache',
    title: '`ProxyAddHeaders Off`',
    runs: WITH_RENAMED,
    isRecommended: false,
    looksLocal: true,
    http: apache('ProxyAddHeaders Off'),
  },
  {
    program: 'nginx',
    title: "nginx.org's WebSocket recipe",
    runs: SINGLE,
    isRecommended: false,
    looksLocal: true,
    nginx: nginx('http', WEBSOCKET),
  },
  {
    program: 'nginx',
    title: 'the recipe of the README',
    runs: SINGLE,
    isRecommended: true,
    nginx: nginx('http', RECOMMENDED),
  },
  {
    program: 'nginx',
    title: '`Forwarded`, read with `forwardedBy`',
    runs: SINGLE,
    isRecommended: true,
    forwardedBy: 'forwarded',
    nginx: nginx('http', FORWARDED),
  },
  {
    program: 'nginx',
    title: 'the stream module',
    runs: JUST_OWN,
    isRecommended: false,
    looksLocal: true,
    nginx: nginx('stream', []),
  },
  { program: 'socat', title: 'TCP', runs: WITH_RENAMED, isRecommended: false, looksLocal: true },
  { program: 'ssh -L', title: 'TCP', runs: WITH_RENAMED, isRecommended: false, looksLocal: true },
  { program: 'ssh -R', title: 'TCP', runs: WITH_RENAMED, isRecommended: false, looksLocal: true },
  {
    program: 'HAProxy',
    title: 'default → Caddy default',
    runs: JUST_OWN,
    isRecommended: false,
    into: { program: 'Caddy', title: '`reverse_proxy`' },
    http: haproxy('mode http'),
  },
  {
    program: 'HAProxy',
    title: '`option forwardfor` → Caddy default',
    runs: JUST_OWN,
    isRecommended: false,
    into: { program: 'Caddy', title: '`reverse_proxy`' },
    http: haproxy('mode http', 'option forwardfor'),
  },
  {
    program: 'HAProxy',
    title: '`option forwardfor` → Caddy `trusted_proxies`',
    runs: JUST_OWN,
    isRecommended: false,
    into: { program: 'Caddy', title: '`trusted_proxies`' },
    http: haproxy('mode http', 'option forwardfor'),
  },
  {
    program: 'HAProxy',
    title: '`option forwardfor`, its own `Connection` → Caddy `trusted_proxies`',
    runs: JUST_OWN,
    isRecommended: true,
    into: { program: 'Caddy', title: '`trusted_proxies`' },
    http: haproxy('mode http', 'option forwardfor', ...OWN_CONNECTION),
  },
  {
    program: 'HAProxy',
    title: 'default → Apache default',
    runs: JUST_OWN,
    isRecommended: false,
    into: { program: 'Apache', title: '`ProxyPass`' },
    http: haproxy('mode http'),
  },
  {
    program: 'HAProxy',
    title: 'default → Apache `ProxyAddHeaders Off`',
    runs: JUST_OWN,
    isRecommended: false,
    looksLocal: true,
    into: { program: 'Apache', title: '`ProxyAddHeaders Off`' },
    http: haproxy('mode http'),
  },
  {
    program: 'HAProxy',
    title: '`option forwardfor`, its own `Connection` → Apache `ProxyPreserveHost On`',
    runs: JUST_OWN,
    isRecommended: true,
    into: { program: 'Apache', title: '`ProxyPreserveHost On`' },
    http: haproxy('mode http', 'option forwardfor', ...OWN_CONNECTION),
  },
  {
    program: 'nginx',
    title: "nginx.org's WebSocket recipe → Caddy default",
    runs: JUST_OWN,
    isRecommended: false,
    into: { program: 'Caddy', title: '`reverse_proxy`' },
    nginx: nginx('http', WEBSOCKET),
  },
  {
    program: 'nginx',
    title: 'the recipe of the README → Caddy `trusted_proxies`',
    runs: JUST_OWN,
    isRecommended: true,
    into: { program: 'Caddy', title: '`trusted_proxies`' },
    nginx: nginx('http', RECOMMENDED),
  },
  {
    program: 'nginx',
    title: "nginx.org's WebSocket recipe → a node proxy",
    runs: JUST_OWN,
    isRecommended: false,
    looksLocal: true,
    into: { program: 'node proxy', title: 'pass on' },
    nginx: nginx('http', WEBSOCKET),
  },
  {
    program: 'nginx',
    title: 'the recipe of the README → a node proxy',
    runs: JUST_OWN,
    isRecommended: true,
    into: { program: 'node proxy', title: 'pass on' },
    nginx: nginx('http', RECOMMENDED),
  },
  { program: 'node proxy', title: 'pass on', runs: JUST_OWN, isRecommended: false, innerOnly: true },
]
