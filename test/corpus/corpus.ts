import { readFileSync } from 'node:fs'
import type { PeerEvidence, RequestFacts } from '../../lib/locality/index.ts'
import { isRelayProgram } from '../../lib/locality/relays.ts'

/** A request with the verdict that it must get. */
export type LocalityCase = {
  id: string
  group: string
  title: string
  transport: RequestFacts['transport']
  remoteAddress: string | null
  localAddress?: string
  httpVersion: string
  url?: string
  upgrade?: boolean
  headers: [string, string][]
  padHeaders?: number
  trustProxy: string[]
  expect: { local: boolean; clientAddress: string | null; silent?: boolean }
  truth: 'local' | 'remote' | 'browser-attack' | 'n/a'
}

/** A request as it arrived behind a real proxy. */
export type ProxyRecord = {
  proxy: string
  config: string
  client: string
  probe: string
  upgrade: boolean
  httpVersion: string
  remoteAddress: string
  localAddress: string
  url: string
  rawHeaders: string[]
  peerOwner: { uid: number; comm: string }
}

export const localityCases = read('locality.json') as LocalityCase[]
export const proxyRecords = read('proxies.json') as ProxyRecord[]

export function factsOfCase(row: LocalityCase): RequestFacts {
  const padding = Array.from({ length: row.padHeaders ?? 0 }, (_, i) => [`x-pad-${i}`, '1']).flat()
  return {
    transport: row.transport,
    remoteAddress: row.remoteAddress,
    localAddress: row.localAddress ?? null,
    httpVersion: row.httpVersion,
    url: row.url ?? '/',
    rawHeaders: [...padding, ...row.headers.flat()],
    upgrade: row.upgrade ?? false,
  }
}

/** The recording app ran as uid 0: the kernel's answer is what its look-up says of that owner. */
export function factsOfRecord(record: ProxyRecord): RequestFacts {
  const { uid, comm } = record.peerOwner
  const status: PeerEvidence['status'] =
    uid !== 0 ? 'other-user' : isRelayProgram(comm) ? 'relay' : 'same-user'
  return {
    transport: 'tcp',
    remoteAddress: record.remoteAddress,
    localAddress: record.localAddress,
    httpVersion: record.httpVersion,
    url: record.url,
    rawHeaders: record.rawHeaders,
    upgrade: record.upgrade,
    peer: { status, uid, process: comm },
  }
}

function read(name: string): unknown {
  return JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'))
}
