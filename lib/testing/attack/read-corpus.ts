import { readFileSync } from 'node:fs'
import type { PeerEvidence } from '../../locality/index.ts'
import { isRelayProgram } from '../../locality/relays.ts'
import type { HeaderField } from '../request-head.ts'
import type { AttackCase } from './attack-case.ts'

/** A request with the verdict that it must get. */
export type LocalityCase = {
  readonly id: string
  readonly title: string
  readonly transport: 'tcp' | 'unix' | 'private'
  readonly remoteAddress: string | null
  readonly httpVersion: string
  readonly url?: string
  readonly headers: readonly HeaderField[]
  readonly padHeaders?: number
  readonly trustProxy: readonly string[]
  readonly expect: { readonly local: boolean; readonly silent?: boolean }
  readonly truth: 'local' | 'remote' | 'browser-attack' | 'n/a'
}

/** A request as it arrived behind a real proxy. */
export type ProxyRecord = {
  readonly proxy: string
  readonly config: string
  readonly client: string
  readonly probe: string
  readonly upgrade: boolean
  readonly httpVersion: string
  readonly remoteAddress: string
  readonly url: string
  readonly rawHeaders: readonly string[]
  readonly peerOwner: { readonly uid: number; readonly comm: string }
}

const FORWARDING = /^(?:forwarded|via|x[-_.]forwarded|x[-_.]real|client-ip|true-client|cf-|x-client)/i

export function readLocalityCases(): LocalityCase[] {
  return readJson('locality.json') as LocalityCase[]
}

export function readProxyRecords(): ProxyRecord[] {
  return readJson('proxies.json') as ProxyRecord[]
}

/** All of the corpus that must not be local, as requests to send. HTTP/2 cannot be sent here. */
export function corpusCases(): AttackCase[] {
  const cases = readLocalityCases().filter(
    ({ truth, expect, httpVersion }) =>
      httpVersion !== '2.0' && (truth === 'n/a' ? !expect.local : truth !== 'local'),
  )
  const records = readProxyRecords().filter(({ client }) => client.startsWith('remote'))
  return [...cases.map(ofLocalityCase), ...records.map(ofRecord)]
}

function ofLocalityCase(row: LocalityCase): AttackCase {
  const { id, title, transport, remoteAddress, httpVersion, url = '/', headers, padHeaders = 0 } = row
  const padding = Array.from({ length: padHeaders }, (_, n): HeaderField => [`x-pad-${n}`, '1'])
  return {
    id,
    name: title,
    by: row.truth === 'browser-attack' ? 'page' : 'remote',
    connection: { transport: transport === 'unix' ? 'unix' : 'tcp', remoteAddress, peer: evidenceOf(row) },
    version: httpVersion,
    target: pathInto(url),
    fields: [...padding, ...headers],
  }
}

/**
 * Where the headers alone must settle it, the kernel names one of our own programs: the app may not hide behind
 * the kernel. Where they cannot, because a proxy erased all traces or the app may trust that proxy, it names one.
 */
function evidenceOf({ truth, expect, trustProxy, headers }: LocalityCase): PeerEvidence {
  const isForwarded = headers.some(([name]) => FORWARDING.test(name))
  const mayBeTrusted =
    isForwarded &&
    (!trustProxy.some((trusted) => /^(?:loopback$|127\.|::1)/.test(trusted)) ||
      headers.some(([name]) => name.toLowerCase() === 'forwarded'))
  const byHeaders = truth === 'browser-attack' || (!expect.local && !mayBeTrusted)
  return byHeaders ? { status: 'same-user' } : { status: 'relay', process: 'nginx', sign: 'program' }
}

function ofRecord(record: ProxyRecord): AttackCase {
  const { proxy, config, probe, upgrade, httpVersion, remoteAddress, url, rawHeaders, peerOwner } = record
  const fields = rawHeaders.flatMap((name, i): HeaderField[] =>
    i % 2 === 0 ? [[name, rawHeaders[i + 1] ?? '']] : [],
  )
  const process = peerOwner.comm
  return {
    id: `${proxy.split(' ')[0] ?? ''}/${probe}${upgrade ? '+upgrade' : ''}/${config}`,
    name: `a client elsewhere through ${proxy}, ${config} (${probe})`,
    by: 'remote',
    connection: {
      transport: 'tcp',
      remoteAddress,
      peer: { status: isRelayProgram(process) ? 'relay' : 'other-user', process, sign: 'program' },
    },
    version: httpVersion,
    target: pathInto(url),
    fields,
  }
}

/** Puts the app's path in place of that of a target, of whatever form. */
function pathInto(url: string): string {
  const [, authority = ''] = /^([a-z][a-z0-9+.-]*:\/\/[^/?#]*)/i.exec(url) ?? []
  return `${authority}{path}`
}

function readJson(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../corpus/${name}`, import.meta.url), 'utf8'))
}
