import type { RequestFacts } from '../../lib/locality/index.ts'

/** What both sides read of one request. */
export type BenchRequest = {
  readonly facts: RequestFacts
  /** What proxy-addr takes: `req.socket.remoteAddress` and `req.headers`. */
  readonly req: { connection: { remoteAddress: string }; headers: Record<string, string> }
}

/** So many clients in turn that no memory of an address helps much. */
const CLIENTS = 4096
const BROWSER: readonly string[] = [
  'User-Agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'Accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'Accept-Language', 'en-US,en;q=0.5',
  'Accept-Encoding', 'gzip, deflate, br, zstd',
] // prettier-ignore

/** A client of another machine that connects without any proxy. */
export function directRemote(): BenchRequest[] {
  return clients((address) => request(address, ['Host', 'gateway.example:4747', ...BROWSER, 'Connection', 'keep-alive']))
} // prettier-ignore

/** A tool on this machine, whose connection the kernel was asked about before. */
export function directLocal(): BenchRequest[] {
  return clients((_address, index) =>
    request('127.0.0.1', ['Host', '127.0.0.1:4747', 'User-Agent', 'curl/8.14.1', 'Accept', '*/*'], `/notes/${index}`),
  )
} // prettier-ignore

/** Through trusted proxies: nginx on this machine, and others before it. */
export function throughProxies(hops: number): BenchRequest[] {
  const others = Array.from({ length: hops - 1 }, (_, i) => `, 10.0.0.${hops - i}`).join('')
  return clients((address) =>
    request('127.0.0.1', [
      'Host', 'gateway.example', 'X-Forwarded-For', address + others, 'X-Forwarded-Proto', 'https',
      'Connection', 'close', ...BROWSER,
    ]),
  )
} // prettier-ignore

function clients(make: (address: string, index: number) => BenchRequest): BenchRequest[] {
  return Array.from({ length: CLIENTS }, (_, i) => make(`203.${i % 113}.${(i * 7) % 251}.${(i * 31) % 253}`, i))
} // prettier-ignore

function request(remoteAddress: string, rawHeaders: string[], url = '/notes?page=2'): BenchRequest {
  const headers: Record<string, string> = {}
  for (let i = 0; i < rawHeaders.length; i += 2)
    headers[(rawHeaders[i] ?? '').toLowerCase()] = rawHeaders[i + 1] ?? ''
  return {
    facts: {
      transport: 'tcp',
      remoteAddress,
      localAddress: '127.0.0.1',
      httpVersion: '1.1',
      url,
      rawHeaders,
      headerLimit: 2000,
      upgrade: false,
      peer: { status: 'same-user', uid: 1000, process: 'curl' },
    },
    req: { connection: { remoteAddress }, headers },
  }
}
