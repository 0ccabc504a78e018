import { describe, expect, test } from '@jest/globals'
import { decideLocality, localityPolicy } from '../../lib/locality/index.ts'
import { factsOfCase, factsOfRecord, localityCases, proxyRecords } from '../corpus/corpus.ts'

const TRUST_LISTS = [[], ['loopback'], ['loopback', '10.77.0.0/24']]

describe('every case of the corpus, by headers alone', () => {
  test.each(localityCases.map((row) => [row.id, row.title, row] as const))('%s: %s', (_id, _title, row) => {
    const policy = localityPolicy({ trustProxy: row.trustProxy, dangerouslyTrustHeaders: true })
    const verdict = decideLocality(policy, factsOfCase(row))
    expect({ local: verdict.isLocal, clientAddress: verdict.clientAddress }).toEqual({
      local: row.expect.local,
      clientAddress: row.expect.clientAddress,
    })
    if (row.expect.silent !== undefined) expect(verdict.silent).toBe(row.expect.silent)
    expect(verdict.trace).toHaveLength(10)
  })
})

describe('with default options', () => {
  test('no case without evidence beyond headers is local, but on a private listener', () => {
    for (const row of localityCases) {
      const verdict = decideLocality(localityPolicy({ trustProxy: row.trustProxy }), factsOfCase(row))
      expect([row.id, verdict.isLocal]).toEqual([row.id, row.transport === 'private' && row.expect.local])
    }
  })

  test('no remote case is silent, even when the kernel names a relay of our own user', () => {
    const remote = localityCases.filter((row) => row.truth === 'remote')
    expect(remote.length).toBeGreaterThan(100)
    for (const row of remote) {
      const facts = { ...factsOfCase(row), peer: { status: 'relay' as const, process: 'sshd' } }
      const verdict = decideLocality(localityPolicy({ trustProxy: row.trustProxy }), facts)
      expect([row.id, verdict.silent, verdict.isLocal]).toEqual([row.id, false, false])
    }
  })

  test('no recorded request that came through a proxy is local, whatever the trust list', () => {
    expect(proxyRecords.length).toBe(258)
    for (const record of proxyRecords) {
      for (const trustProxy of TRUST_LISTS) {
        const verdict = decideLocality(localityPolicy({ trustProxy }), factsOfRecord(record))
        expect([record.config, record.client, record.probe, verdict.isLocal, verdict.silent]).toEqual([
          record.config,
          record.client,
          record.probe,
          false,
          false,
        ])
      }
    }
  })

  test('headers alone would have taken many of those remote clients for local ones', () => {
    const blind = proxyRecords.filter((record) => {
      const policy = localityPolicy({ dangerouslyTrustHeaders: true })
      return record.client.startsWith('remote') && decideLocality(policy, factsOfRecord(record)).isLocal
    })
    expect(blind.length).toBeGreaterThanOrEqual(10)
  })
})
