import fc from 'fast-check'
import type { Place } from './pairing-model.ts'

export type Name = 'a' | 'b' | 'c'
export type Approver = 'host' | 'silent-admin' | 'approved-admin' | 'pairing-only' | 'the-device-itself'

export type Step =
  | { do: 'connect'; who: Name; role: string; scopes: string[]; place: Place; token: 'none' | 'right' | 'previous' | 'old' | 'other' } // prettier-ignore
  | { do: 'approve'; who: Name; by: Approver; which: 'shown' | 'stale' | 'wrong digest'; firstRoleOnly: boolean; scopes: string[] | null; forMs: number | null } // prettier-ignore
  | { do: 'reject' | 'remove' | 'ignore' | 'unignore'; who: Name }
  | { do: 'rotate'; who: Name; role: string; scopes: string[] | null }
  | { do: 'revoke'; who: Name; role: string }
  | { do: 'undo'; backMs: number }
  | { do: 'invite'; role: string; scopes: string[] }
  | { do: 'redeem'; who: Name; scopes: string[]; place: Place }
  | { do: 'wait'; ms: number }
  | { do: 'restart' }

const who = fc.constantFrom<Name>('a', 'b', 'c')
const role = fc.constantFrom('operator', 'operator', 'node')
const place = fc.constantFrom<Place>('local', 'remote', 'remote', 'tainted')
const scope = fc.constantFrom(
  'operator.read',
  'operator.write',
  'operator.admin',
  'operator.pairing',
  'photos.read',
)
const scopes = fc.uniqueArray(scope, { maxLength: 2 })
const of = <T extends Step['do']>(name: T) => fc.constant(name)

const connect = fc.record({
  do: of('connect'),
  who,
  role,
  scopes,
  place,
  token: fc.constantFrom('none', 'none', 'right', 'right', 'previous', 'old', 'other'),
})
const approve = fc.record({
  do: of('approve'),
  who,
  by: fc.constantFrom<Approver>(
    'host',
    'host',
    'silent-admin',
    'approved-admin',
    'pairing-only',
    'the-device-itself',
  ),
  which: fc.constantFrom('shown', 'shown', 'shown', 'stale', 'wrong digest'),
  firstRoleOnly: fc.boolean(),
  scopes: fc.option(scopes, { freq: 3 }),
  forMs: fc.option(fc.constantFrom(1000, 60_000, 400_000)),
})
const others = fc.oneof(
  fc.record({ do: fc.constantFrom('reject', 'remove', 'ignore', 'unignore'), who }),
  fc.record({ do: of('rotate'), who, role, scopes: fc.option(scopes) }),
  fc.record({ do: of('revoke'), who, role }),
  fc.record({ do: of('undo'), backMs: fc.constantFrom(0, 1000, 60_000, 10_000_000) }),
  fc.record({ do: of('invite'), role, scopes }),
  fc.record({ do: of('redeem'), who, scopes, place }),
  fc.record({ do: of('wait'), ms: fc.constantFrom(1, 1000, 30_000, 60_000, 300_000) }),
  fc.record({ do: of('restart') }),
)

/** What can happen to three devices; asking and approving more often than the rest. */
export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: connect },
  { weight: 3, arbitrary: approve },
  { weight: 4, arbitrary: others },
)
