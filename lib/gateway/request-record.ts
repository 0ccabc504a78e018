import { LatchkeyError } from '../errors.ts'
import { isRelayProgram } from '../locality/relays.ts'
import type { PeerEvidence, RequestFacts } from '../locality/index.ts'

/** A record as facts, and the names of its fields that say nothing about locality. */
export type ReadRecord = { readonly facts: RequestFacts; readonly ignored: readonly string[] }

type Fields = Readonly<Record<string, unknown>>

const TRANSPORTS = ['tcp', 'unix', 'private'] as const
const LISTENERS = ['public', 'local'] as const
const STATUSES = ['same-user', 'other-user', 'relay', 'outbound', 'unproven'] as const
const VERSION = /^[0-9]\.[0-9]$/
// prettier-ignore
const KNOWN: ReadonlySet<string> = new Set([
  'transport', 'remoteAddress', 'localAddress', 'httpVersion', 'url', 'rawHeaders', 'headers', 'headerLimit',
  'upgrade', 'listener', 'localSecret', 'tainted', 'peer', 'peerOwner',
])

/**
 * Reads a recorded request: `RequestFacts` as JSON, or a line of a request log, which has `peerOwner: { uid,
 * comm }` for `peer` and may have `headers` (an object, or a list of pairs) for `rawHeaders`. Left out:
 * `transport` is tcp, `url` /, `httpVersion` 1.1, and of the peer nothing is known.
 *
 * @param ownUid the user whose processes count as ours when an owner is read
 * @throws {LatchkeyError} INVALID_REQUEST with the field, what it was and what was expected
 */
export function readRecord(raw: unknown, ownUid: number | undefined): ReadRecord {
  if (!isFields(raw)) throw wrong('request', raw, 'an object such as {"remoteAddress":"127.0.0.1",…}')
  const transport = optional(raw, 'transport', (value) => oneOf('transport', value, TRANSPORTS)) ?? 'tcp'
  if (transport === 'tcp' && !('remoteAddress' in raw))
    throw wrong('remoteAddress', undefined, 'an address, or null when it is not known')
  const facts: RequestFacts = {
    transport,
    remoteAddress: address('remoteAddress', raw.remoteAddress ?? null),
    ...given('localAddress', raw.localAddress === undefined ? undefined : address('localAddress', raw.localAddress)),
    httpVersion: optional(raw, 'httpVersion', readVersion) ?? '1.1',
    url: optional(raw, 'url', (value) => text('url', value)) ?? '/',
    rawHeaders: readHeaders(raw),
    ...given('headerLimit', optional(raw, 'headerLimit', readLimit)),
    ...given('upgrade', optional(raw, 'upgrade', (value) => flag('upgrade', value))),
    ...given('listener', optional(raw, 'listener', (value) => oneOf('listener', value, LISTENERS))),
    ...given('localSecret', optional(raw, 'localSecret', (value) => flag('localSecret', value))),
    ...given('tainted', optional(raw, 'tainted', (value) => flag('tainted', value))),
    ...given('peer', readPeer(raw, ownUid)),
  } // prettier-ignore
  return { facts, ignored: Object.keys(raw).filter((name) => !KNOWN.has(name)) }
}

/** As a field to spread: absent when there is no value. */
function given<K extends string, V>(name: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [name]: value } as Record<K, V>)
}

function readHeaders(raw: Fields): readonly string[] {
  const { rawHeaders, headers } = raw
  if (rawHeaders !== undefined && headers !== undefined)
    throw wrong('headers', headers, 'nothing beside rawHeaders')
  if (rawHeaders !== undefined) {
    if (!Array.isArray(rawHeaders)) throw wrong('rawHeaders', rawHeaders, 'a list: name, value, name, value, …')
    return rawHeaders.map((value: unknown, index) => text(`rawHeaders[${index}]`, value))
  }
  if (Array.isArray(headers)) {
    return headers.flatMap((pair: unknown, index) => {
      if (!Array.isArray(pair) || pair.length !== 2) throw wrong(`headers[${index}]`, pair, 'a pair: [name, value]')
      return pair.map((value: unknown) => text(`headers[${index}]`, value))
    })
  }
  if (!isFields(headers)) throw wrong('rawHeaders', rawHeaders, 'a list: name, value, name, value, …')
  return Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? (value as unknown[]) : [value]).flatMap((one) => [name, text(`headers.${name}`, one)]),
  )
} // prettier-ignore

function readPeer(raw: Fields, ownUid: number | undefined): PeerEvidence | undefined {
  const { peer, peerOwner } = raw
  if (peer !== undefined && peer !== null) {
    if (!isFields(peer)) throw wrong('peer', peer, 'an object such as {"status":"same-user"}')
    const status = oneOf('peer.status', peer.status, STATUSES)
    return {
      status,
      ...given(
        'uid',
        optional(peer, 'uid', (value) => userId('peer.uid', value)),
      ),
      ...given(
        'process',
        optional(peer, 'process', (value) => text('peer.process', value)),
      ),
      ...given(
        'sign',
        optional(peer, 'sign', (value) => text('peer.sign', value)),
      ),
    }
  }
  if (peerOwner === undefined || peerOwner === null) return undefined
  if (!isFields(peerOwner)) throw wrong('peerOwner', peerOwner, 'an object such as {"uid":33,"comm":"nginx"}')
  return peerOfOwner(userId('peerOwner.uid', peerOwner.uid), text('peerOwner.comm', peerOwner.comm), ownUid)
}

/** What the kernel's look-up says of this owner, as far as name and user tell. */
function peerOfOwner(uid: number, process: string, ownUid: number | undefined): PeerEvidence {
  if (ownUid !== undefined && uid !== ownUid) return { status: 'other-user', uid, process }
  const isRelay = isRelayProgram(process)
  return {
    status: isRelay ? 'relay' : 'same-user',
    uid,
    process,
    sign: isRelay ? 'its program is known to relay' : 'by its name and user alone',
  }
}

function optional<T>(fields: Fields, name: string, read: (value: unknown) => T): T | undefined {
  return fields[name] === undefined ? undefined : read(fields[name])
}

function oneOf<const T extends string>(name: string, value: unknown, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value)
  if (found === undefined) throw wrong(name, value, choices.map((choice) => `"${choice}"`).join(' or '))
  return found
}

function text(name: string, value: unknown): string {
  if (typeof value !== 'string') throw wrong(name, value, 'text')
  return value
}

/** Any text: whether it is an address is for the rules to say. */
function address(name: string, value: unknown): string | null {
  if (value !== null && typeof value !== 'string') throw wrong(name, value, 'an address, or null when it is not known')
  return value
} // prettier-ignore

function flag(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw wrong(name, value, 'true or false')
  return value
}

function readVersion(value: unknown): string {
  if (typeof value !== 'string' || !VERSION.test(value)) throw wrong('httpVersion', value, '"1.0", "1.1" or "2.0"')
  return value
} // prettier-ignore

function readLimit(value: unknown): number | undefined {
  if (value === null) return Number.POSITIVE_INFINITY
  if (typeof value !== 'number' || !(value > 0)) throw wrong('headerLimit', value, 'a number above 0, or null for none')
  return value
} // prettier-ignore

function userId(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value
  throw wrong(name, value, 'a numeric user id')
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function wrong(name: string, value: unknown, expected: string): LatchkeyError {
  const shown = value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 80)
  return new LatchkeyError('INVALID_REQUEST', `${name}: got ${shown}, expected ${expected}`)
}
