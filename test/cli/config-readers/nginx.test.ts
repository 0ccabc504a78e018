import { describe, expect, test } from '@jest/globals'
import { readNginx } from '../../../lib/cli/config-readers/nginx.ts'
import { filesOfDump, parseNginx } from '../../../lib/cli/config-readers/nginx-syntax.ts'
import { OURS, problemsOf } from './problems-of.ts'

const HOST = 'proxy_set_header Host $host;'
const FOR = 'proxy_set_header X-Forwarded-For $remote_addr;'
const WS =
  'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;'
const PASS = 'proxy_pass http://127.0.0.1:4747;'
const RIGHT = `${HOST} ${FOR} ${WS}`

function read(text: string, files: Readonly<Record<string, string>> = {}): string[] | null {
  const includes = (pattern: string): { file: string; text: string }[] =>
    files[pattern] === undefined ? [] : [{ file: pattern, text: files[pattern] }]
  return problemsOf(readNginx(parseNginx({ file: 'n', text }, includes), OURS))
}

function location(lines: string): string {
  return `http { server { location / { ${lines} } } }`
}

describe('what points at the gateway and is right', () => {
  test.each<[string, string, Record<string, string>?]>([
    ['the recipe', location(`${PASS} ${RIGHT}`)],
    ['by name', location(`proxy_pass http://localhost:4747/; ${RIGHT}`)],
    ['by IPv6', location(`proxy_pass http://[::1]:4747; ${RIGHT}`)],
    ["by the machine's own address", location(`proxy_pass http://192.0.2.5:4747; ${RIGHT}`)],
    ['with $proxy_add_x_forwarded_for', location(`${PASS} ${HOST} proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; ${WS}`)],
    ['with $http_host', location(`${PASS} proxy_set_header Host $http_host; ${FOR} ${WS}`)],
    ['inherited', `http { ${RIGHT} server { location / { ${PASS} } } }`],
    ['an upstream', `http { upstream gw { server 127.0.0.1:4747 max_fails=1; } server { location / { proxy_pass http://gw/x; ${RIGHT} } } }`],
    ['a variable', `http { server { set $port 4747; location / { set $b "127.0.0.1:\${port}"; proxy_pass http://$b; ${RIGHT} } } }`],
    ['an include', `http { include sites/*; }`, { 'sites/*': `server { location / { ${PASS} include p.conf; } }`, 'p.conf': RIGHT }],
    ['inside an if', location(`if ($http_x) { ${PASS} } ${RIGHT}`)],
    ['comments and quotes', location(`# proxy_set_header Host localhost;\n ${PASS} proxy_set_header "Host" '$host'; ${FOR} ${WS}`)],
  ])('%s', (_title, text, files = {}) => {
    expect(read(text, files)).toEqual([])
  }) // prettier-ignore
})

describe('what is wrong is said, with its place', () => {
  const allMissing = [
    'red n:1 X-Forwarded-For is not set, so every client looks like this machine',
    "yellow n:1 Host is not passed on: nginx writes the gateway's own address",
    'yellow n:1 no Upgrade, no Connection: WebSockets cannot pass',
    'yellow n:1 no proxy_http_version: WebSockets may not pass',
  ]
  test.each<[string, string, string[]]>([
    ['a bare proxy_pass', location(PASS), allMissing],
    ["nginx.org's WebSocket recipe", location(`${PASS} ${WS}`), allMissing.slice(0, 2)],
    ['Host localhost', location(`${PASS}\n proxy_set_header Host localhost; ${FOR} ${WS}`), ['red n:2 Host is rewritten to "localhost"']],
    ['Host 127.0.0.1:4747', location(`${PASS} proxy_set_header Host "127.0.0.1:4747"; ${FOR} ${WS}`), ['red n:1 Host is rewritten to "127.0.0.1:4747"']],
    ['an empty Host', location(`${PASS} proxy_set_header Host ""; ${FOR} ${WS}`), ['red n:1 Host is rewritten to ""']],
    ['Host $proxy_host', location(`${PASS} proxy_set_header Host $proxy_host; ${FOR} ${WS}`), [allMissing[1] ?? '']],
    ['stripped', location(`${PASS} ${HOST} ${WS}\nproxy_set_header X-Forwarded-For "";`), ['red n:2 x-forwarded-for is stripped']],
    ['another one stripped', location(`${PASS} ${RIGHT} proxy_set_header Via '';`), ['yellow n:1 via is stripped']],
    ['a fixed client', location(`${PASS} ${HOST} ${WS} proxy_set_header X-Forwarded-For 127.0.0.1;`), ['red n:1 x-forwarded-for is always "127.0.0.1"']],
    ['what the client wrote', location(`${PASS} ${HOST} ${WS} proxy_set_header X-Forwarded-For $http_x_forwarded_for;`), ['red n:1 x-forwarded-for is what the client wrote']],
    ['inheritance is lost', `http { ${FOR} server { location / { ${PASS} ${HOST} ${WS} } } }`, [allMissing[0] ?? '']],
    ['no headers at all', location(`${PASS} ${RIGHT} proxy_pass_request_headers off;`), ['red n:1 request headers are stripped']],
    ['HTTP/1.0', location(`${PASS} ${HOST} ${FOR} ${WS.replace('1.1', '1.0')}`), ['yellow n:1 proxy_http_version 1.0: WebSockets cannot pass']],
    ['a Unix socket', location(`proxy_pass http://unix:/run/gateway.sock:/x; ${RIGHT}`), ['yellow n:1 proxy_pass to a Unix socket: nobody can be local there']],
    ['a Unix socket in an upstream', `http { upstream u { server unix:/run/gateway.sock; } server { location / { proxy_pass http://u; ${RIGHT} } } }`, ['yellow n:1 proxy_pass to a Unix socket: nobody can be local there']],
    ['the stream module', 'stream { server { proxy_pass 127.0.0.1:4747; } }', ['red n:1 the stream module hides every client behind this machine']],
    ['the stream module by upstream', 'stream { upstream g { server localhost:4747; } server { proxy_pass g; } }', ['red n:1 the stream module hides every client behind this machine']],
  ])('%s', (_title, text, problems) => {
    expect(read(text)).toEqual(problems)
  }) // prettier-ignore

  test('in the included file', () => {
    const bad = `\n\nserver { location / {\n ${PASS} ${FOR} ${WS}\n proxy_set_header Host localhost; } }`
    expect(read('http { include a; }', { a: bad })).toEqual(['red a:5 Host is rewritten to "localhost"'])
  })
})

describe('what is none of ours', () => {
  test.each<[string, string]>([
    ['nothing', ''],
    ['another port', location('proxy_pass http://127.0.0.1:3000;')],
    ['another host', location('proxy_pass http://192.0.2.9:4747;')],
    ['another socket', location('proxy_pass http://unix:/run/other.sock;')],
    ['an unknown variable', location('proxy_pass http://$nobody;')],
    ['in a comment', location(`# ${PASS}`)],
    ['an include that loops', 'include n;'],
    ['a variable that names itself', 'http { server { set $a $a; location / { proxy_pass http://$a; } } }'],
    ['no end', 'http { server { location / { proxy_pass'],
    ['too many ends', '}}}} ; ; {'],
    ['an open quote', 'http { log_format x "abc; }'],
    ['binary', '\u0000\u0001{;\\'],
  ])('%s', (_title, text) => {
    expect(read(text, { n: 'include n;' })).toBeNull()
  })

  test('after too many ends, the rest is still read', () => {
    expect(read(`}} ${location(`${PASS} ${RIGHT}`)}`)).toEqual([])
  })
})

test('the dump of nginx -T is split into its files', () => {
  const dump = '# configuration file /etc/nginx/nginx.conf:\nhttp {\n}\n\n# configuration file /etc/nginx/a.conf:\nserver {}\n'
  expect(filesOfDump(dump)).toEqual([
    { file: '/etc/nginx/nginx.conf', text: 'http {\n}\n\n' },
    { file: '/etc/nginx/a.conf', text: 'server {}\n' },
  ])
  expect(filesOfDump('')).toEqual([])
}) // prettier-ignore
