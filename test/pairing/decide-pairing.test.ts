import { describe, expect, test } from '@jest/globals'
import type { LocalityVerdict } from '../../lib/locality/index.ts'
import { coveredUntil, decidePairing, type PairingFacts } from '../../lib/pairing/decide-pairing.ts'
import type { Grant } from '../../lib/pairing/grant.ts'
import { scopeLattice } from '../../lib/pairing/scopes.ts'
import { silentPolicy, type SilentOptions } from '../../lib/pairing/silent-policy.ts'
import { localVerdict, remoteVerdict } from './verdicts.ts'

const lattice = scopeLattice()

function grant(via: Grant['via'], role: string, scopes: string[], expiresAtMs: number | null = null): Grant {
  return {
    id: `${via} ${role}`,
    origin: null,
    deviceId: 'd',
    role,
    via,
    scopes,
    approvedBy: null,
    fromAddress: null,
    localityReason: 'local',
    host: via === 'silent' ? 'here' : null,
    grantedAtMs: 0,
    expiresAtMs,
  }
}

function decide(
  grants: Grant[],
  role: string,
  scopes: string[],
  verdict: LocalityVerdict | null,
  silent: SilentOptions = {},
  more: Partial<PairingFacts> = {},
): string {
  const facts = {
    lattice,
    silent: silentPolicy(silent, lattice),
    windowOpen: false,
    host: 'here',
    nowMs: 1000,
    ...more,
  }
  const decision = decidePairing({ ...facts, grants, ask: { role, scopes }, verdict })
  if (decision.kind === 'grant') return `grant ${decision.reason} ${decision.scopes.join('+')}`
  return decision.kind === 'wait' ? `wait ${decision.reason}` : decision.kind
}

const NOTHING: Grant[] = []
const SILENT_READ = [grant('silent', 'operator', ['operator.read'])]
const OWNER_READ = [grant('owner', 'operator', ['operator.read'])]
const OWNER_NODE = [grant('owner', 'node', [])]
const BOTH = [...SILENT_READ, ...OWNER_NODE]

describe('what a device holds × where it is × what it asks for', () => {
  test.each<[string, Grant[], LocalityVerdict | null, string, string[], string]>([
    ['nothing, local', NOTHING, localVerdict, 'operator', ['a.b'], 'grant not-paired a.b'],
    ['nothing, remote', NOTHING, remoteVerdict, 'operator', ['a.b'], 'wait not-paired'],
    ['nothing, local, no scopes', NOTHING, localVerdict, 'operator', [], 'grant not-paired '],
    ['nothing, unknown', NOTHING, null, 'operator', [], 'needs-locality'],
    ['silent, local, covered', SILENT_READ, localVerdict, 'operator', ['operator.read'], 'admit'],
    ['silent, local, no scopes', SILENT_READ, localVerdict, 'operator', [], 'admit'],
    ['silent, local, more', SILENT_READ, localVerdict, 'operator', ['x.y'], 'grant scope-upgrade x.y'],
    ['silent, local, some more', SILENT_READ, localVerdict, 'operator', ['operator.read', 'x.y'], 'grant scope-upgrade x.y'], // prettier-ignore
    ['silent, local, other role', SILENT_READ, localVerdict, 'node', [], 'grant role-upgrade '],
    ['silent, remote, covered', SILENT_READ, remoteVerdict, 'operator', ['operator.read'], 'wait remote-use'],
    ['silent, remote, more', SILENT_READ, remoteVerdict, 'operator', ['x.y'], 'wait remote-use'],
    ['silent, remote, other role', SILENT_READ, remoteVerdict, 'node', [], 'wait remote-use'],
    ['silent, unknown', SILENT_READ, null, 'operator', ['operator.read'], 'needs-locality'],
    ['owner, unknown, covered', OWNER_READ, null, 'operator', ['operator.read'], 'admit'],
    ['owner, unknown, more', OWNER_READ, null, 'operator', ['operator.write'], 'needs-locality'],
    ['owner, remote, covered', OWNER_READ, remoteVerdict, 'operator', ['operator.read'], 'admit'],
    ['owner, remote, more', OWNER_READ, remoteVerdict, 'operator', ['operator.write'], 'wait scope-upgrade'],
    ['owner, remote, other role', OWNER_READ, remoteVerdict, 'node', [], 'wait role-upgrade'],
    ['owner, local, more', OWNER_READ, localVerdict, 'operator', ['x.y'], 'grant scope-upgrade x.y'],
    ['both, remote, silent role', BOTH, remoteVerdict, 'operator', ['operator.read'], 'wait role-upgrade'],
    ['both, remote, owner role', BOTH, remoteVerdict, 'node', [], 'admit'],
    ['both, local, silent role', BOTH, localVerdict, 'operator', ['operator.read'], 'admit'],
  ])('%s', (_title, grants, verdict, role, scopes, expected) => {
    expect(decide(grants, role, scopes, verdict)).toBe(expected)
  })

  test('owner and silent scopes of a role add up for a local client alone', () => {
    const grants = [grant('owner', 'operator', ['a.a']), grant('silent', 'operator', ['b.b'])]
    expect(decide(grants, 'operator', ['a.a', 'b.b'], localVerdict)).toBe('admit')
    expect(decide(grants, 'operator', ['a.a', 'b.b'], remoteVerdict)).toBe('wait scope-upgrade')
  })

  test('a local verdict that may not be silent is treated as from elsewhere', () => {
    const proxied: LocalityVerdict = { ...localVerdict, kind: 'proxied', silent: false }
    expect(decide(NOTHING, 'operator', [], proxied)).toBe('wait not-paired')
    expect(decide(SILENT_READ, 'operator', ['operator.read'], proxied)).toBe('wait remote-use')
  })

  test('an expired grant is none', () => {
    const expired = [grant('owner', 'operator', ['operator.read'], 1000)]
    expect(decide(expired, 'operator', ['operator.read'], remoteVerdict)).toBe('wait not-paired')
    expect(decide(expired, 'operator', ['operator.read'], remoteVerdict, {}, { nowMs: 999 })).toBe('admit')
  })
})

test('who waits is told what it holds that counts: its roles, and its scopes in the role', () => {
  const facts = { lattice, silent: silentPolicy({}, lattice), windowOpen: false, host: 'here', nowMs: 1000 }
  const grants = [...BOTH, grant('owner', 'operator', ['b.b']), grant('owner', 'operator', ['a.a'])]
  const ask = { role: 'operator', scopes: ['x.y'] }
  expect(decidePairing({ ...facts, grants, ask, verdict: remoteVerdict })).toMatchObject({
    kind: 'wait',
    heldRoles: ['node', 'operator'],
    heldScopes: ['a.a', 'b.b'],
  })
})

test.each<[string, [string, number | null][], number | null]>([
  ['for good', [['a.a', null], ['b.b', null]], null],
  ['until the first end that matters, in whatever order', [['a.a', 90], ['b.b', 60]], 60],
  ['until the first end that matters, in whatever order', [['a.a', 60], ['b.b', 90]], 60],
  ['past an end that another grant makes up for', [['a.a', 60], ['a.a', 90], ['b.b', null]], 90],
  ['past all ends', [['a.a', 60], ['a.a', null], ['b.b', null]], null],
])('an ask is covered %s', (_title, held, expected) => {
  const grants = held.map(([scope, end]) => grant('owner', 'operator', [scope], end))
  expect(coveredUntil(lattice, grants, { role: 'operator', scopes: ['a.a', 'b.b'] })).toBe(expected)
}) // prettier-ignore

describe('what the owner narrows', () => {
  const ask = (
    silent: SilentOptions,
    verdict = localVerdict,
    scopes = ['operator.read'],
    windowOpen = false,
  ): string => decide(NOTHING, 'operator', scopes, verdict, silent, { windowOpen })

  test('never', () => {
    expect(ask({ mode: 'never' })).toBe('wait not-paired')
    expect(decide(SILENT_READ, 'operator', ['operator.read'], localVerdict, { mode: 'never' })).toBe('admit')
  })

  test('in a window alone', () => {
    expect(ask({ mode: 'window' })).toBe('wait not-paired')
    expect(ask({ mode: 'window' }, localVerdict, ['operator.read'], true)).toBe(
      'grant not-paired operator.read',
    )
    expect(ask({ mode: 'window' }, remoteVerdict, ['operator.read'], true)).toBe('wait not-paired')
  })

  test('by reason', () => {
    expect(ask({ reasons: ['scope-upgrade'] })).toBe('wait not-paired')
    expect(decide(SILENT_READ, 'operator', ['x.y'], localVerdict, { reasons: ['scope-upgrade'] })).toMatch(
      /^grant/,
    )
    expect(decide(SILENT_READ, 'node', [], localVerdict, { reasons: ['scope-upgrade'] })).toBe(
      'wait role-upgrade',
    )
  })

  test('by a ceiling of scopes', () => {
    expect(ask({ scopes: ['operator.write'] })).toMatch(/^grant/)
    expect(ask({ scopes: ['operator.write'] }, localVerdict, ['operator.admin'])).toBe('wait not-paired')
  })

  test('by assurance', () => {
    expect(ask({ assurance: 'local-secret' })).toBe('wait not-paired')
    expect(ask({ assurance: 'local-secret' }, { ...localVerdict, assurance: 'local-secret' })).toMatch(
      /^grant/,
    )
  })

  test.each([
    [{ mode: 'sometimes' }, /silent\.mode/],
    [{ reasons: ['remote-use'] }, /silent\.reasons/],
    [{ scopes: ['not a scope'] }, /^silent\.scopes: expected scopes$/],
    [{ scopes: ['a.b', 'not a scope'] }, /silent\.scopes/],
    [{ scopes: ['a.b', ['a.b']] }, /silent\.scopes/],
    [{ scopes: 'a.b' }, /silent\.scopes/],
    [
      { reasons: ['not-paired', 'remote-use'] },
      /^silent\.reasons: expected not-paired, role-upgrade, scope-upgrade$/,
    ],
    [{ reasons: 'not-paired' }, /silent\.reasons/],
    [{ assurance: 'none' }, /silent\.assurance/],
    [{ reason: [] }, /^silent: .*did you mean reasons/],
  ])('%j is refused', (options, message) => {
    const make = (): unknown => silentPolicy(options as SilentOptions, lattice)
    expect(make).toThrow(message)
    const code = 'reason' in options ? 'OPTION_UNKNOWN' : 'OPTION_INVALID'
    expect(make).toThrow(expect.objectContaining({ code }))
  })
})
