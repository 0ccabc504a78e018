import { expect, test } from '@jest/globals'
import { auditHash, NO_ENTRY_HASH } from '../../lib/pairing/index.ts'

// The hashes were made by the Python of docs/audit.md: every log out there is held against them.
test('the hash of an entry is what the documents say, for good', () => {
  const first = auditHash({
    seq: 1,
    atMs: 1_700_000_000_001,
    kind: 'silent-grant',
    actor: 'gateway',
    deviceId: 'd'.repeat(64),
    details: '{"name":"Büro \u202e \\"x\\""}',
    previousHash: NO_ENTRY_HASH,
  })
  expect(first).toBe('c90a7082cb80b6f4fa4e2941dd4821acbe6fd2a11d4d7f6d205f6027295593b7')
  const second = auditHash({
    seq: 2,
    atMs: 1_700_000_000_002,
    kind: 'window-opened',
    actor: 'host',
    deviceId: null,
    details: '{"forMs":60000}',
    previousHash: first,
  })
  expect(second).toBe('6e1f0a87c09171de71fca457b587b4482e2f8289f783a51f7eeb1b0f9063b721')
})

test('the first entry goes on from 64 zeros', () => {
  expect(NO_ENTRY_HASH).toBe('0000000000000000000000000000000000000000000000000000000000000000')
})
