import { describe, test } from '@jest/globals'
import fc from 'fast-check'
import {
  decideLocality,
  localityPolicy,
  type LocalityOptions,
  type PeerEvidence,
} from '../../lib/locality/index.ts'
import { localityCases } from '../corpus/corpus.ts'
import { facts } from './facts.ts'

/** Names and values that have turned somebody's verdict before, and arbitrary ones. */
const corpusNames = [...new Set(localityCases.flatMap((row) => row.headers.map(([name]) => name)))]
const corpusValues = [...new Set(localityCases.flatMap((row) => row.headers.map(([, value]) => value)))]
const name = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...corpusNames) }, fc.string())
const value = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...corpusValues) }, fc.string())
const headers = fc.array(fc.tuple(name, value), { maxLength: 8 }).map((pairs) => pairs.flat())

const trustProxy = fc.constantFrom(
  [],
  ['loopback'],
  ['loopback', '10.0.0.0/8'],
  ['203.0.113.0/24', 'loopback'],
)
const options = fc.record({
  trustProxy,
  forwardedBy: fc.constantFrom('x-forwarded-for' as const, 'forwarded' as const),
  hosts: fc.constantFrom([], ['gw.example.com', 'evil.com']),
  allowedOrigins: fc.constantFrom([], ['https://evil.com']),
})
const byHeaders = fc.boolean()
const elsewhere = fc.oneof(
  fc.ipV4().filter((address) => !address.startsWith('127.')),
  fc.ipV6().filter((address) => !/^[0:]*:0*1$|127\./.test(address) && !/7f/i.test(address)),
)
const notOurs = fc.constantFrom<PeerEvidence['status']>('other-user', 'relay', 'outbound', 'unproven')
const RUNS = { numRuns: 5_000 }

function isLocal(given: LocalityOptions, more: Parameters<typeof facts>[0]): boolean {
  const verdict = decideLocality(localityPolicy(given), facts(more))
  return verdict.isLocal || verdict.silent
}

describe('no set of headers', () => {
  test('makes a peer that is elsewhere local', () => {
    fc.assert(
      fc.property(
        options,
        byHeaders,
        elsewhere,
        headers,
        (given, dangerouslyTrustHeaders, remoteAddress, rawHeaders) => {
          return !isLocal({ ...given, dangerouslyTrustHeaders }, { remoteAddress, rawHeaders })
        },
      ),
      RUNS,
    )
  })

  test('makes a process that is not proved to be ours local', () => {
    fc.assert(
      fc.property(
        options,
        notOurs,
        headers,
        (given, status, rawHeaders) => !isLocal(given, { rawHeaders, peer: { status } }),
      ),
      RUNS,
    )
  })

  test('hides a hop that a trusted proxy named', () => {
    fc.assert(
      fc.property(
        byHeaders,
        trustProxy,
        elsewhere,
        headers,
        headers,
        (dangerouslyTrustHeaders, trust, hop, before, after) => {
          const rawHeaders = [...before, 'X-Forwarded-For', hop, ...after]
          return !isLocal({ trustProxy: trust, dangerouslyTrustHeaders }, { rawHeaders })
        },
      ),
      RUNS,
    )
  })

  test('on a public listener, or from a socket without an address, is local', () => {
    fc.assert(
      fc.property(
        options,
        byHeaders,
        headers,
        fc.boolean(),
        (given, dangerouslyTrustHeaders, rawHeaders, isPublic) => {
          const more = isPublic
            ? { listener: 'public' as const }
            : { transport: 'unix' as const, remoteAddress: null }
          return !isLocal({ ...given, dangerouslyTrustHeaders }, { rawHeaders, ...more })
        },
      ),
      RUNS,
    )
  })

  test('makes decideLocality throw', () => {
    fc.assert(
      fc.property(
        options,
        byHeaders,
        fc.string(),
        fc.string(),
        headers,
        (given, dangerouslyTrustHeaders, url, peer, rawHeaders) => {
          isLocal({ ...given, dangerouslyTrustHeaders }, { url, remoteAddress: peer, rawHeaders })
        },
      ),
      RUNS,
    )
  })
})
