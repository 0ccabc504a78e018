/** Text as the bytes of its UTF-8, which is how requests carry it. */
const utf8 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

/** Host values that are no name of this machine, though some parser or resolver makes one of them. */
// prettier-ignore
export const HOSTS: readonly string[] = [
  'localhost.', 'localhost.:{port}', 'localhost:', 'localhost:0', 'localhost:080', 'localhost:65536', 'localhost:+80',
  'localhost:80:80', 'localhost:{port}:evil', 'localhost,evil.example', 'localhost, localhost', 'localhost evil.example',
  'user@localhost', 'localhost@evil.example', 'evil.example@localhost:{port}', 'localhost/evil', 'localhost\\evil',
  'localhost?evil', 'localhost#evil', 'localhost;evil', 'http://localhost', '//localhost', '%6cocalhost',
  'localhost%00.evil.example', 'localhost%2eevil', 'localhost_', '-localhost', 'localhost-', '.localhost', 'local_host.localhost',
  'a..localhost', '*.localhost', 'evil.localhost.example', 'localhost.evil.example', 'notlocalhost', 'localhost.localdomain',
  'localtest.me', 'lvh.me', '127.0.0.1.nip.io', 'ip6-localhost', 'loopback', '127.1', '127.0.1', '127.0.0.01', '0127.0.0.1',
  '0177.0.0.1', '0x7f.0.0.1', '0x7f000001', '2130706433', '017700000001', '127.0.0.1.', '127.0.0.1.evil.example', '127.0.0.256',
  '0.0.0.0', '0', '[::]', '[::1', '::1', '::1]', '[::1]evil', '[::1]:', '[::1%lo]', '[::1%25lo]', '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]', '[::127.0.0.1]', '[0:0:0:0:0:0:0:1]', '[64:ff9b::7f00:1]', '[127.0.0.1]', '[localhost]', '203.0.113.7',
  'gateway.example', 'evil.example:{port}', '', ':{port}', '"localhost"', '(localhost)', 'localhost\tevil',
  utf8('ｌｏｃａｌｈｏｓｔ'), utf8('localhoſt'), utf8('127。0。0。1'), utf8('①②⑦.0.0.1'), utf8('١٢٧.٠.٠.١'), utf8('lоcalhost'),
  'localhost\xa0', '\xa0localhost', 'localhost\x85', utf8('localhost\u200b'), utf8('\ufefflocalhost'),
]

/** Authorities of absolute targets that disagree with `Host: localhost:{port}`. */
// prettier-ignore
export const TARGETS: readonly string[] = [
  'http://evil.example', 'https://evil.example:{port}', 'http://localhost:1', 'https://localhost', 'http://localhost.:{port}',
  'http://localhost@evil.example', 'http://evil.example@localhost:{port}', 'http://localhost.evil.example:{port}',
  'http://2130706433:{port}', 'http://127.1:{port}', 'http://[::ffff:127.0.0.1]:{port}', 'ws://evil.example', 'ftp://localhost:{port}',
  'HTTP://EVIL.EXAMPLE', 'http://%6cocalhost:{port}', 'http://localhost:{port}%2f.evil.example',
]

/** Peers that are not on this machine, whatever they look like. */
// prettier-ignore
export const PEERS: readonly (string | null)[] = [
  '203.0.113.7', '::ffff:203.0.113.7', '::ffff:cb00:7107', '2001:db8::7', '10.0.0.2', '172.17.0.1', '192.168.1.4', '169.254.1.1',
  'fe80::1', 'fe80::1%eth0', 'fd00::1', '128.0.0.1', '126.255.255.255', '0.0.0.0', '::', '::2', '::127.0.0.1', '64:ff9b::7f00:1',
  '2002:7f00:1::1', '::ffff:0:127.0.0.1', '::1%lo', '127.0.0.1%lo', '127.1', '0177.0.0.1', '2130706433', 'localhost', '', null,
]

/** Headers in which naive apps look for the client. */
// prettier-ignore
export const CLAIMS: readonly string[] = [
  'Client-IP', 'X-Client-IP', 'True-Client-IP', 'CF-Connecting-IP', 'X-Cluster-Client-IP', 'X-Remote-IP', 'X-Remote-Addr',
  'X-Originating-IP', 'Fastly-Client-IP', 'X-Forwarded', 'Forwarded-For', 'X-Host', 'X-Forwarded-Host', 'X-Custom-IP-Authorization',
]

/** What proxies, balancers and tunnels add. Each of them means that somebody else is behind the connection. */
// prettier-ignore
export const FORWARDING_NAMES: readonly string[] = [
  'X-Forwarded-For', 'x-FORWARDED-fOR', 'X-Forwarded', 'X-Forwarded-Host', 'X-Forwarded-Proto', 'X-Forwarded-Port',
  'X-Forwarded-Server', 'X-Forwarded-Prefix', 'X-Forwarded-By', 'X-Forwarded-Client-Cert', 'X-Forwarded-Ssl',
  'X-Forwarded-User', 'Forwarded', 'Via', 'X-Real-IP', 'X-Real-Port', 'X-Client-IP', 'X-Cluster-Client-IP', 'Client-IP',
  'True-Client-IP', 'CF-Connecting-IP', 'CF-Ray', 'CF-Visitor', 'CDN-Loop', 'Fastly-Client-IP', 'Fly-Client-IP',
  'X-Envoy-External-Address', 'X-Envoy-Attempt-Count', 'X-Original-Forwarded-For', 'X-Original-Host', 'X-Azure-ClientIP',
  'X-Azure-FDID', 'X-Appengine-User-IP', 'X-Amzn-Trace-Id', 'X-Vercel-Forwarded-For', 'Tailscale-User-Login',
  'Ngrok-Auth-User-Email', 'X-ProxyUser-Ip', 'WL-Proxy-Client-IP', 'Proxy-Client-IP', 'X-Varnish', 'Surrogate-Capability', 'X-Host',
  'X-Remote-IP', 'X-Remote-Addr', 'Remote-Addr', 'X-Originating-IP', 'DO-Connecting-IP', 'Incap-Client-IP', 'X-Sucuri-ClientIP',
  'X-Nf-Client-Connection-Ip', 'Forwarded-For', 'HTTP_X_FORWARDED_FOR', 'X-Coming-From', 'X-Source-IP', 'X-Peer-IP',
]

/** Look like one of those to some server, and are written differently. */
// prettier-ignore
export const LOOK_ALIKES: readonly string[] = [
  'X_Forwarded_For', 'X-Forwarded_For', 'X.Forwarded.For', 'X-Forwarded-For-', 'XForwardedFor', 'X--Forwarded--For', '_X-Forwarded-For',
  'X-Forwarded-For.', "X-Forwarded-For'", 'X-Real_IP', 'X_Real_IP', 'XRealIP', 'For_warded', 'Forwarded.', 'V_ia', 'Via.', 'Via~',
  'Client_IP', 'ClientIP', 'True_Client_IP', 'CF_Connecting_IP', 'HTTP_CLIENT_IP', 'HTTP_FORWARDED', '|Host', 'Origin.', '!Forwarded',
]

/** Chains that a trusted proxy may hand on, none of which is loopback throughout. */
// prettier-ignore
export const CHAINS: readonly string[] = [
  '203.0.113.7', '127.0.0.1, 203.0.113.7', '203.0.113.7, 127.0.0.1', '127.0.0.1,, 127.0.0.1', ',127.0.0.1', '127.0.0.1,', ',',
  'unknown', 'localhost', '_hidden', '127.0.0.1:80', '[::1]:80', '[::1]', '"127.0.0.1"', '127.1', '0177.0.0.1', '0x7f000001',
  '2130706433', '127.0.0.01', '127.0.0.1/8', '::1%lo', '127.0.0.1 203.0.113.7', '127.0.0.1;203.0.113.7', '127.0.0.1|203.0.113.7',
  '::ffff:203.0.113.7', '::127.0.0.1', '64:ff9b::7f00:1', 'for=127.0.0.1', '127.0.0.1\xa0', '\xa0127.0.0.1',
  utf8('127。0。0。1'), utf8('١٢٧.0.0.1'), '10.0.0.2', '0.0.0.0', '127.0.0.1, 10.0.0.2, 127.0.0.1', `${'127.0.0.1, '.repeat(200)}203.0.113.7`,
]

/** A hop is told to drop what says for whom it speaks. */
// prettier-ignore
export const NOMINATIONS: readonly string[] = [
  'X-Forwarded-For', 'close, X-Forwarded-For', 'keep-alive, x-real-ip', 'close,Forwarded', 'close, Via', 'close, Host', 'close, Origin',
  'close, Sec-Fetch-Site', 'close, X_Forwarded_For', 'close, "X-Forwarded-For"', 'close, x-forwarded-*', 'close,\tX-Forwarded-For',
  'close, X-Forwarded-For;q=1', 'close, CF-Connecting-IP', 'close, Client-IP',
]

/** Pages that are not of this app, and what no browser writes. */
// prettier-ignore
export const ORIGINS: readonly string[] = [
  'https://evil.example', 'null', '', 'http://localhost:1', 'https://localhost', 'http://localhost', 'http://localhost.:{port}',
  'http://127.0.0.1:{port}', 'http://[::1]:{port}', 'http://127.0.0.2:{port}', 'HTTP://localhost:{port}', 'http://LOCALHOST:{port}',
  'http://localhost:{port}/', 'http://localhost:{port}.evil.example', 'http://localhost.evil.example:{port}', 'http://user@localhost:{port}',
  'http://localhost:{port} https://evil.example', 'http://localhost:{port}, https://evil.example', 'chrome-extension://abcdefghijklmnop',
  'moz-extension://00000000-0000-0000-0000-000000000000', 'file://', 'ws://localhost:{port}', 'http://app.localhost:{port}', 'about:blank',
  'http://0.0.0.0:{port}', 'http://2130706433:{port}', 'http://localhost:0{port}', 'http:localhost:{port}', '//localhost:{port}',
]

export const FETCH_SITES: readonly string[] = ['cross-site', 'same-site', 'Same-Origin', 'same-origin, cross-site', '', 'none;x', 'x'] // prettier-ignore

/** Whole requests that only a socket can write. `{path}` and `{port}` are filled in. */
// prettier-ignore
export const RAW_REQUESTS: readonly (readonly [name: string, text: string])[] = [
  ['a Host that is folded', 'GET {path} HTTP/1.1\r\nHost: evil.example\r\n localhost:{port}\r\nConnection: close\r\n\r\n'],
  ['a second line of the Host', 'GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\n\tevil.example\r\nConnection: close\r\n\r\n'],
  ['a folded chain', 'GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nX-Forwarded-For: 127.0.0.1,\r\n 203.0.113.7\r\nConnection: close\r\n\r\n'],
  ['a space before the colon', 'GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nX-Forwarded-For : 203.0.113.7\r\nConnection: close\r\n\r\n'],
  ['a space before the colon of Host', 'GET {path} HTTP/1.1\r\nHost : evil.example\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n'],
  ['a bare line feed', 'GET {path} HTTP/1.1\nHost: localhost:{port}\nX-Forwarded-For: 203.0.113.7\nConnection: close\n\n'],
  ['a bare carriage return in a value', 'GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nX-Pad: a\rX-Forwarded-For: 203.0.113.7\r\nConnection: close\r\n\r\n'],
  ['a NUL in the Host', 'GET {path} HTTP/1.1\r\nHost: localhost\0.evil.example\r\nConnection: close\r\n\r\n'],
  ['a name with a line feed', 'GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nX-Forwarded-\nFor: 203.0.113.7\r\nConnection: close\r\n\r\n'],
  ['two lengths', 'GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Length: 0\r\nContent-Length: 5\r\nConnection: close\r\n\r\n'],
  ['a length and chunks', 'GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n'],
  ['no Host', 'GET {path} HTTP/1.1\r\nConnection: close\r\n\r\n'],
  ['an empty line in front and a foreign Host', '\r\nGET {path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n'],
  ['a name that is not ASCII', 'GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nX-Forwarded-F\xf6r: 203.0.113.7\r\nConnection: close\r\n\r\n'],
  ['HTTP/0.9', 'GET {path}\r\n\r\n'],
]
