import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import proxyAddr from 'proxy-addr'
import { canonicalAddress } from '../../lib/locality/address.ts'
import { decideLocality, localityPolicy, type RequestFacts } from '../../lib/locality/index.ts'
import { factsOfCase, factsOfRecord, localityCases, proxyRecords } from '../corpus/corpus.ts'
import { facts } from './facts.ts'

/** One request, and what each of the two says of its client. */
type Comparison = {
  readonly facts: RequestFacts
  readonly trustProxy: readonly string[]
  readonly theirs: string | null
  readonly ours: string | null
}

/**
 * Every way in which `clientAddress` may differ from proxy-addr's answer, and why it does. The first that
 * fits names a difference; one that none fits is a failure.
 */
const DIFFERENCES: readonly {
  readonly kind: string
  readonly why: string
  readonly fits: (comparison: Comparison) => boolean
}[] = [
  {
    kind: 'no address of the peer',
    why: 'a socket of the app, or a peer that has gone or is no IP literal: there is nothing to trust',
    fits: ({ facts: { transport, remoteAddress }, ours }) =>
      ours === null &&
      (transport !== 'tcp' || remoteAddress === null || canonicalAddress(remoteAddress) === null),
  },
  {
    kind: 'flood behind a trusted peer',
    why: 'the parser may have dropped what the proxy wrote, so the rest of the chain proves nothing',
    fits: ({ facts: { rawHeaders, remoteAddress }, trustProxy, ours }) =>
      ours === null &&
      rawHeaders.length / 2 >= 1000 &&
      proxyAddr.compile([...trustProxy])(canonicalAddress(remoteAddress ?? '') ?? '', 0),
  },
  {
    kind: 'text that is no address',
    why: 'proxy-addr returns the first hop that it cannot read, as the client sent it',
    fits: ({ theirs, ours }) => ours === null && theirs !== null && isIP(theirs) === 0,
  },
  {
    kind: 'a hop that is no address',
    why: 'proxy-addr stops at the untrusted hop before it, or trusts octal, short and zoned spellings',
    fits: ({ facts: { rawHeaders }, ours }) =>
      ours === null && hopsOf(rawHeaders).some((hop) => canonicalAddress(hop) === null),
  },
  {
    kind: 'another spelling',
    why: 'addresses are written canonically: mapped IPv4 unmapped, IPv6 as in RFC 5952',
    fits: ({ theirs, ours }) => ours !== null && canonicalAddress(theirs ?? '') === ours,
  },
  {
    kind: 'a tab beside a hop',
    why: 'optional white space is space and tab (RFC 9110, section 5.6.3); proxy-addr knows the space alone',
    fits: ({ facts: { rawHeaders }, theirs, ours }) =>
      ours !== null && isIP(theirs ?? '') === 0 && fieldsOf(rawHeaders).join(',').includes('\t'),
  },
]

/** The values of X-Forwarded-For, in the order of the fields. */
function fieldsOf(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === 'x-forwarded-for')
}

function hopsOf(rawHeaders: readonly string[]): string[] {
  const fields = fieldsOf(rawHeaders)
  if (fields.length === 0) return []
  const elements = fields.join(',').split(',')
  return elements.map((element) => element.replaceAll(/^[ \t]+|[ \t]+$/g, ''))
}

/** As Express asks it: Node joins fields of the same name. */
function compare(given: RequestFacts, trustProxy: readonly string[]): Comparison {
  const fields = fieldsOf(given.rawHeaders)
  const headers = fields.length === 0 ? {} : { 'x-forwarded-for': fields.join(', ') }
  const request = { headers, socket: { remoteAddress: given.remoteAddress ?? undefined } }
  const theirs = proxyAddr(request as unknown as IncomingMessage, proxyAddr.compile([...trustProxy])) as
    string | undefined
  const ours = decideLocality(localityPolicy({ trustProxy }), given).clientAddress
  return { facts: given, trustProxy, theirs: theirs ?? null, ours }
}

/** `same`, the kind of the difference, or the comparison itself when the table does not have it. */
function kindOf(comparison: Comparison): string {
  if (comparison.theirs === comparison.ours) return 'same'
  const found = DIFFERENCES.find(({ fits }) => fits(comparison))
  return found?.kind ?? `NOT IN THE TABLE: ${JSON.stringify(comparison)}`
}

const TRUST_LISTS = [[], ['loopback'], ['loopback', '10.77.0.0/24'], ['uniquelocal', '203.0.113.0/24']]
const KINDS = ['same', ...DIFFERENCES.map(({ kind }) => kind)]

function differences(comparisons: readonly Comparison[]): string[] {
  return comparisons.map(kindOf).filter((kind) => !KINDS.includes(kind))
}

const spelt = fc.constantFrom(
  '127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '10.77.0.2', '::ffff:10.77.0.2',
  '203.0.113.7', '2001:DB8::1', '2001:db8:0:0:0:0:0:1', 'fc00::1', '0177.0.0.1', '127.1', '2130706433',
  '::1%lo', '[::1]', '127.0.0.1:80', 'unknown', '_hidden', '', ' ', 'localhost', '1.2.3.4 5.6.7.8', '0x7f.1',
) // prettier-ignore
const hops = fc.oneof({ weight: 6, arbitrary: spelt }, fc.ipV4(), fc.ipV6(), fc.ipV4Extended(), fc.string())
const chains = fc
  .array(fc.tuple(hops, fc.constantFrom(',', ', ', ' , ', ',\t')), { maxLength: 5 })
  .map((pairs) => pairs.flat().slice(0, -1).join(''))
const peers = fc.oneof(spelt, fc.ipV4(), fc.ipV6())
const lists = fc.constantFrom(...TRUST_LISTS, ['::1', 'fc00::/7', '192.0.2.0/24'])

const SPECIMENS: readonly (readonly [string, Partial<RequestFacts>, readonly string[]])[] = [
  ['no address of the peer', { remoteAddress: 'fe80::1%lo' }, []],
  ['flood behind a trusted peer', flood('203.0.113.7'), ['loopback']],
  ['text that is no address', forwarded('<script>'), ['loopback']],
  ['a hop that is no address', forwarded('0177.0.0.1, 203.0.113.7'), ['loopback']],
  ['a hop that is no address', forwarded('203.0.113.7, 2130706433'), ['loopback']],
  ['another spelling', forwarded('::ffff:203.0.113.7'), ['loopback']],
  ['another spelling', { remoteAddress: '::ffff:203.0.113.7' }, []],
  ['a tab beside a hop', forwarded('127.0.0.1,\t203.0.113.7'), ['loopback']],
  ['same', forwarded('127.0.0.1, 203.0.113.7'), ['loopback']],
  ['same', forwarded('203.0.113.7'), []],
]

describe('clientAddress against proxy-addr', () => {
  test('differs in the ways of the table alone, over the corpus', () => {
    const rows = localityCases.flatMap((row) =>
      [row.trustProxy, ...TRUST_LISTS].map((trustProxy) => compare(factsOfCase(row), trustProxy)),
    )
    expect(rows.length).toBeGreaterThan(1000)
    expect(differences(rows)).toEqual([])
  })

  test('is the same for every request that real proxies have passed on', () => {
    const rows = proxyRecords.flatMap((record) =>
      TRUST_LISTS.map((trustProxy) => compare(factsOfRecord(record), trustProxy)),
    )
    expect(rows.length).toBeGreaterThan(1000)
    expect(new Set(rows.map(kindOf))).toEqual(new Set(['same']))
  })

  test('differs in the ways of the table alone, over chains made up', () => {
    fc.assert(
      fc.property(peers, fc.array(chains, { maxLength: 3 }), lists, (remoteAddress, fields, trustProxy) => {
        const rawHeaders = ['Host', 'localhost', ...fields.flatMap((field) => ['X-Forwarded-For', field])]
        expect(differences([compare(facts({ remoteAddress, rawHeaders }), trustProxy)])).toEqual([])
      }),
      { numRuns: 10_000 },
    )
  })

  test('every row of the table has a specimen', () => {
    expect(new Set(SPECIMENS.map(([kind]) => kind))).toEqual(new Set(KINDS))
  })

  test.each(SPECIMENS)('%s (specimen %#)', (kind, more, trustProxy) => {
    expect(kindOf(compare(facts(more), trustProxy))).toBe(kind)
  })
})

function forwarded(value: string): Partial<RequestFacts> {
  return { rawHeaders: ['Host', 'localhost', 'X-Forwarded-For', value] }
}

function flood(value: string): Partial<RequestFacts> {
  const padding = Array.from({ length: 1000 }, () => ['a', '1']).flat()
  return { rawHeaders: [...padding, 'Host', 'localhost', 'X-Forwarded-For', value] }
}
