import { expect, test } from '@jest/globals'
import { readCaddyfile, readCaddyJson } from '../../../lib/cli/config-readers/caddy.ts'
import { parseCaddyfile } from '../../../lib/cli/config-readers/caddyfile-syntax.ts'
import { OURS, problemsOf } from './problems-of.ts'

function read(text: string, files: Readonly<Record<string, string>> = {}): string[] | null {
  const includes = (pattern: string): { file: string; text: string }[] =>
    files[pattern] === undefined ? [] : [{ file: pattern, text: files[pattern] }]
  return problemsOf(readCaddyfile(parseCaddyfile({ file: 'c', text }, includes, { PORT: '4747' }), OURS))
}

function site(...lines: string[]): string {
  return ['gateway.example {', '  reverse_proxy localhost:4747 {', ...lines, '  }', '}'].join('\n')
}

test.each<[string, string, Record<string, string>?]>([
  ['plain', 'gateway.example {\n reverse_proxy 127.0.0.1:4747\n}'],
  ['without braces', 'gateway.example\nreverse_proxy :4747'],
  ['with a matcher', 'a {\n reverse_proxy /gateway/* http://localhost:4747\n}'],
  ['nested', 'a {\n handle /x {\n route {\n reverse_proxy [::1]:4747\n }\n }\n}'],
  ['by to', 'a {\n reverse_proxy {\n to 10.0.0.9:80 127.0.0.1:4747 # two\n }\n}'],
  ['a range', 'a {\n reverse_proxy 127.0.0.1:4740-4750\n}'],
  ['from the environment', 'a {\n reverse_proxy 127.0.0.1:{$PORT:80} {$NONE:127.0.0.1:1}\n}'],
  ['a snippet', '(gw) {\n reverse_proxy {args[0]}:4747\n}\na {\n import gw 127.0.0.1\n}'],
  ['an imported file', 'import sites/*', { 'sites/*': 'a {\n reverse_proxy 127.0.0.1:4747\n}' }],
  ['Host as it was', site('header_up Host {host}', 'header_up X-Real-IP {remote_host}')],
  ['a continued line', 'a {\n reverse_proxy \\\n 127.0.0.1:4747\n}'],
])('right: %s', (_title, text, files = {}) => {
  expect(read(text, files)).toEqual([])
}) // prettier-ignore

test.each<[string, string, string]>([
  ['stripped', 'header_up -X-Forwarded-For', 'red c:3 x-forwarded-for is stripped'],
  ['all stripped', 'header_up -X-Forwarded-*', 'red c:3 x-forwarded-* is stripped'],
  ['emptied', 'header_up X-Forwarded-For ""', 'red c:3 x-forwarded-for is stripped'],
  ['Host localhost', 'header_up Host localhost', 'red c:3 Host is rewritten to "localhost"'],
  ['the popular Host', 'header_up Host {upstream_hostport}', 'red c:3 Host is rewritten to "{upstream_hostport}"'],
  ['Host replaced', 'header_up Host .* 127.0.0.1', 'red c:3 Host is rewritten to "127.0.0.1"'],
  ['a fixed client', 'header_up X-Forwarded-For 127.0.0.1', 'red c:3 x-forwarded-for is always "127.0.0.1"'],
  ['what the client wrote', 'header_up X-Forwarded-For {header.X-Forwarded-For}', 'red c:3 x-forwarded-for is what the client wrote'],
  ['no WebSockets', 'header_up -Upgrade', 'yellow c:3 upgrade is removed: WebSockets cannot pass'],
])('wrong: %s', (_title, line, problem) => {
  expect(read(site(line))).toEqual([problem])
}) // prettier-ignore

test('a Unix socket', () => {
  expect(read('a {\n reverse_proxy unix//run/gateway.sock\n}')).toEqual([
    'yellow c:2 a Unix socket: nobody can be local there',
  ])
})

test.each<[string, string]>([
  ['nothing', ''],
  ['another port', 'a {\n reverse_proxy 127.0.0.1:80\n}'],
  ['in a comment', 'a {\n # reverse_proxy 127.0.0.1:4747\n}'],
  ['a snippet that nobody imports', '(gw) {\n reverse_proxy 127.0.0.1:4747\n}'],
  ['a snippet that imports itself', '(gw) {\n import gw\n}\nimport gw'],
  ['an import that loops', 'import l'],
  ['no end', 'a {\n b {\n'],
  ['too many ends', '}\n}\n'],
  ['binary', '\u0000"\u0001`'],
])('none of ours: %s', (_title, text) => {
  expect(read(text, { l: 'import l' })).toBeNull()
})

const handler = (more: object): object => ({
  apps: { http: { servers: { s: { routes: [{ handle: [{ handler: 'subroute', routes: [{ handle: [{ handler: 'reverse_proxy', ...more }] }] }] }] } } } },
}) // prettier-ignore
const upstreams = [{ dial: '127.0.0.1:4747' }]

test.each<[string, unknown, string[] | null]>([
  ['right', handler({ upstreams }), []],
  ['Host', handler({ upstreams, headers: { request: { set: { Host: ['localhost'] } } } }), ['red j:1 Host is rewritten to "localhost"']],
  ['stripped', handler({ upstreams, headers: { request: { delete: ['X-Forwarded-For'] } } }), ['red j:1 x-forwarded-for is stripped']],
  ['a socket', handler({ upstreams: [{ dial: 'unix//run/gateway.sock' }] }), ['yellow j:1 a Unix socket: nobody can be local there']],
  ['another port', handler({ upstreams: [{ dial: '127.0.0.1:80' }] }), null],
  ['no upstreams', handler({ upstreams: 5 }), null],
  ['odd headers', handler({ upstreams, headers: { request: { set: 5, delete: {}, add: null } } }), []],
  ['a number', 5, null],
  ['null', null, null],
])('JSON: %s', (_title, config, problems) => {
  expect(problemsOf(readCaddyJson('j', config, OURS))).toEqual(problems)
}) // prettier-ignore
