import type { NginxServer } from './nginx.ts'

/** Where a gateway can be reached by a proxy on its machine. */
export type Upstream = { readonly port: number; readonly socketPath: string }

export type NginxRecipe = {
  readonly title: string
  /** It tells the gateway who the client is, and passes WebSockets on. */
  readonly isRight: boolean
  readonly passesWebSockets: boolean
  /** With a plain request from anywhere, all that it sends looks as if it came from this machine. */
  readonly looksLocal: boolean
  readonly server: (upstream: Upstream) => NginxServer
}

const toPort = ({ port }: Upstream): string => `proxy_pass http://127.0.0.1:${port};`
const toSocket = ({ socketPath }: Upstream): string => `proxy_pass http://unix:${socketPath};`

/** https://nginx.org/en/docs/http/websocket.html */
export const WEBSOCKET = [
  'proxy_http_version 1.1;',
  'proxy_set_header Upgrade $http_upgrade;',
  'proxy_set_header Connection "upgrade";',
]

/** What the documents recommend, after `proxy_pass`. */
export const RECOMMENDED = [
  'proxy_http_version 1.1;',
  'proxy_set_header Upgrade $http_upgrade;',
  'proxy_set_header Connection $connection_upgrade;',
  'proxy_set_header Host $host;',
  'proxy_set_header X-Forwarded-For $remote_addr;',
  'proxy_set_header X-Forwarded-Proto $scheme;',
]

/** What people put into `location /`. `$connection_upgrade` comes from a `map` of `$http_upgrade`. */
export const NGINX_RECIPES: readonly NginxRecipe[] = [
  {
    title: 'bare proxy_pass',
    isRight: false,
    passesWebSockets: false,
    looksLocal: true,
    server: (upstream) => ({ module: 'http', lines: [toPort(upstream)] }),
  },
  {
    title: "nginx.org's WebSocket recipe",
    isRight: false,
    passesWebSockets: true,
    looksLocal: true,
    server: (upstream) => ({ module: 'http', lines: [toPort(upstream), ...WEBSOCKET] }),
  },
  {
    title: 'the WebSocket recipe with Host $http_host',
    isRight: false,
    passesWebSockets: true,
    looksLocal: false,
    server: (upstream) => ({
      module: 'http',
      lines: [toPort(upstream), ...WEBSOCKET, 'proxy_set_header Host $http_host;'],
    }),
  },
  {
    title: 'the WebSocket recipe with Host localhost',
    isRight: false,
    passesWebSockets: true,
    looksLocal: true,
    server: (upstream) => ({
      module: 'http',
      lines: [toPort(upstream), ...WEBSOCKET, 'proxy_set_header Host localhost;'],
    }),
  },
  {
    title: 'the right recipe',
    isRight: true,
    passesWebSockets: true,
    looksLocal: false,
    server: (upstream) => ({ module: 'http', lines: [toPort(upstream), ...RECOMMENDED] }),
  },
  {
    title: 'the right recipe with $proxy_add_x_forwarded_for',
    isRight: true,
    passesWebSockets: true,
    looksLocal: false,
    server: (upstream) => ({
      module: 'http',
      lines: [
        toPort(upstream),
        ...RECOMMENDED.map((line) => line.replace('$remote_addr', '$proxy_add_x_forwarded_for')),
      ],
    }),
  },
  {
    title: "a Unix socket of the app with nginx.org's WebSocket recipe",
    isRight: false,
    passesWebSockets: true,
    looksLocal: false,
    server: (upstream) => ({ module: 'http', lines: [toSocket(upstream), ...WEBSOCKET] }),
  },
  {
    title: 'the stream module',
    isRight: false,
    passesWebSockets: true,
    looksLocal: false,
    server: ({ port }) => ({ module: 'stream', lines: [`proxy_pass 127.0.0.1:${port};`] }),
  },
]
