import { expect, test } from '@jest/globals'
import { readApache } from '../../../lib/cli/config-readers/apache.ts'
import { parseApache } from '../../../lib/cli/config-readers/apache-syntax.ts'
import { OURS, problemsOf } from './problems-of.ts'

const PASS = 'ProxyPass / http://127.0.0.1:4747/ upgrade=websocket'
const HOST = 'ProxyPreserveHost On'
const OFF = 'ProxyAddHeaders Off, so every client looks like this machine'
const NO_HOST = "Host is not passed on: Apache writes the gateway's own address"

function read(text: string, files: Readonly<Record<string, string>> = {}): string[] | null {
  const includes = (pattern: string): { file: string; text: string }[] =>
    files[pattern] === undefined ? [] : [{ file: pattern, text: files[pattern] }]
  return problemsOf(readApache(parseApache({ file: 'a', text }, includes), OURS))
}

test.each<[string, string, Record<string, string>?]>([
  ['a virtual host', `<VirtualHost *:443>\n${HOST}\n${PASS}\n</VirtualHost>`],
  ['inherited', `${HOST}\n<VirtualHost *:443>\n${PASS}\n</VirtualHost>`],
  ['a location', `${HOST}\n<Location "/x">\nProxyPass http://localhost:4747 upgrade=websocket\n</Location>`],
  ['a module that may be missing', `<IfModule mod_proxy.c>\n${HOST}\n${PASS}\n</IfModule>`],
  ['WebSockets apart', `${HOST}\nProxyPass /gateway ws://127.0.0.1:4747/gateway\nProxyPass / http://127.0.0.1:4747/`],
  ['WebSockets by a rule', `${HOST}\nRewriteRule /(.*) ws://127.0.0.1:4747/$1 [P,L]\nProxyPass / http://127.0.0.1:4747/`],
  ['a balancer', `<Proxy balancer://gw>\nBalancerMember http://127.0.0.1:4747\n</Proxy>\n${HOST}\nProxyPass / balancer://gw/ upgrade=any`],
  ['defined names', `Define PORT 4747\n${HOST}\nProxyPass / http://127.0.0.1:\${PORT}/ \\\n  upgrade=websocket`],
  ['an include', `${HOST}\nIncludeOptional sites/*.conf`, { 'sites/*.conf': PASS }],
  ['what the client wrote is dropped first', `${HOST}\nRequestHeader unset X-Forwarded-For\n${PASS}`],
])('right: %s', (_title, text, files = {}) => {
  expect(read(text, files)).toEqual([])
}) // prettier-ignore

test.each<[string, string, string[]]>([
  ['a bare ProxyPass', 'ProxyPass / http://127.0.0.1:4747/', [`yellow a:1 ${NO_HOST}`, 'yellow a:1 no upgrade=websocket: WebSockets cannot pass']],
  ['ProxyAddHeaders Off', `${HOST}\nProxyAddHeaders Off\n${PASS}`, [`red a:2 ${OFF}`]],
  ['... for all', `ProxyAddHeaders off\n<VirtualHost *>\n${HOST}\n${PASS}\n</VirtualHost>`, [`red a:1 ${OFF}`]],
  ['... and stripped', `${HOST}\nProxyAddHeaders Off\nRequestHeader unset X-Forwarded-For early\n${PASS}`, [`red a:2 ${OFF}`, 'red a:3 x-forwarded-for is stripped']],
  ['another one stripped', `${HOST}\nRequestHeader unset Via\n${PASS}`, ['yellow a:2 via is stripped']],
  ['Host localhost', `${HOST}\nRequestHeader set Host "localhost"\n${PASS}`, ['red a:2 Host is rewritten to "localhost"']],
  ['a fixed client', `${HOST}\nRequestHeader set X-Forwarded-For 127.0.0.1\n${PASS}`, ['red a:2 x-forwarded-for is always "127.0.0.1"']],
  ['ProxyPreserveHost Off', `${HOST}\n<VirtualHost *>\nProxyPreserveHost Off\n${PASS}\n</VirtualHost>`, [`yellow a:4 ${NO_HOST}`]],
  ['a Unix socket', `${HOST}\nProxyPass / unix:/run/gateway.sock|http://localhost/ upgrade=websocket`, ['yellow a:2 a Unix socket: nobody can be local there']],
  ['a rule', `${HOST}\nRewriteRule ^/(.*) http://127.0.0.1:4747/$1 [P]`, ['yellow a:2 no upgrade=websocket: WebSockets cannot pass']],
])('wrong: %s', (_title, text, problems) => {
  expect(read(text)).toEqual(problems)
}) // prettier-ignore

test.each<[string, string]>([
  ['nothing', ''],
  ['another port', 'ProxyPass / http://127.0.0.1:80/'],
  ['excluded', 'ProxyPass /x !'],
  ['in a comment', `# ${PASS}`],
  ['a redirect', 'RewriteRule / http://127.0.0.1:4747/ [R]'],
  ['a balancer of nobody', 'ProxyPass / balancer://x/'],
  ['a balancer of itself', '<Proxy balancer://x>\nBalancerMember balancer://x\n</Proxy>\nProxyPass / balancer://x/'],
  ['an include that loops', 'Include l'],
  ['a section without end', '<VirtualHost *>\n<Location /'],
  ['an end without section', '</VirtualHost>'],
  ['binary', '\u0000<\u0001>\\'],
])('none of ours: %s', (_title, text) => {
  expect(read(text, { l: 'Include l' })).toBeNull()
}) // prettier-ignore
