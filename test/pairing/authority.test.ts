import { describe, expect, test } from '@jest/globals'
import { heldScopes } from '../../lib/pairing/authority.ts'
import type { Grant } from '../../lib/pairing/index.ts'

const NOW = 1_000_000

const grant = (more: Partial<Grant>): Grant => ({
  id: 'g',
  deviceId: 'd',
  role: 'operator',
  via: 'owner',
  scopes: ['a.b'],
  approvedBy: null,
  origin: null,
  fromAddress: null,
  localityReason: 'local',
  host: null,
  grantedAtMs: 0,
  expiresAtMs: null,
  ...more,
})

describe('what grants give', () => {
  test.each<[string, Partial<Grant>, string | null, boolean]>([
    ['what the owner approved counts anywhere', {}, null, true],
    ['... until it ends', { expiresAtMs: NOW }, null, false],
    ['... in its role', { role: 'node' }, null, false],
    ['a silent one counts on its host', { via: 'silent', host: 'here' }, 'here', true],
    ['... on the host without a name too', { via: 'silent', host: '' }, '', true],
    ['... not on another', { via: 'silent', host: 'here' }, 'there', false],
    ['... not where none counts', { via: 'silent', host: 'here' }, null, false],
    ['a silent one of no host counts on none', { via: 'silent', host: null }, 'here', false],
    ['... and least of all where none counts', { via: 'silent', host: null }, null, false],
  ])('%s', (_what, more, silentHost, counts) => {
    expect(heldScopes([grant(more)], 'operator', silentHost, NOW)).toEqual(counts ? ['a.b'] : null)
  })
})
