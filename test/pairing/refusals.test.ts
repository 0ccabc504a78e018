import { expect, test } from '@jest/globals'
import { LatchkeyError, type LatchkeyErrorCode } from '../../lib/errors.ts'
import { approvedOwner, HOST, onEachStore, requestWithCode, SHARED_SECRET } from './on-each-store.ts'
import { attemptOf, deviceIdOf, type Fixture } from './service-fixture.ts'
import { remoteVerdict } from './verdicts.ts'

const PHONE = deviceIdOf('phone')
const OPERATOR = { deviceId: PHONE, role: 'operator' }
const READ = { role: 'operator', scopes: ['operator.read'] }
/** Needs two approvers. */
const PAIR = ['photos.write']
/** Needs the code. */
const RISKY = ['photos.read']
const ADMIN = ['operator.admin', ...PAIR, ...RISKY]

type Refusal = [
  what: string,
  code: LatchkeyErrorCode,
  message: string,
  details: object | undefined,
  call: (fixture: Fixture) => Promise<unknown>,
]

const missing = (...scopes: string[]) => ({
  code: 'MISSING_SCOPE',
  missingScope: scopes[0],
  requiredScopes: scopes,
})

const idOf = async (fixture: Fixture, scopes: string[], device = 'phone', role = 'operator') =>
  (await fixture.request(device, role, scopes)).id

const named = (code: string) => ({ code })

const AUTHORITY: Refusal[] = [
  ['deciding on oneself', 'FORBIDDEN', 'a device cannot approve its own request; let another one decide', named('SELF_APPROVAL'),
    async (fixture) => fixture.service.approve(await fixture.owner(), { requestId: await idOf(fixture, [], 'owner', 'node') })],
  ['looking without operator.pairing', 'FORBIDDEN', 'missing scope: operator.pairing', missing('operator.pairing'),
    async ({ owner, service }) => service.list(await owner('reader', ['operator.read']))],
  ['inviting without operator.admin', 'FORBIDDEN', 'missing scope: operator.admin', missing('operator.admin'),
    async ({ owner, service }) => service.invite(await owner('pairing', ['operator.pairing']), READ)],
  ['approving more than one holds', 'FORBIDDEN', 'missing scope: a.b', missing('a.b', 'c.d'),
    async (fixture) => fixture.service.approve(await fixture.owner(), { requestId: await idOf(fixture, ['a.b', 'c.d', 'operator.read']) })],
  ['anything with a scope that was lost since', 'FORBIDDEN', 'missing scope: operator.admin', missing('operator.admin', 'photos.write'),
    async (fixture) => {
      const by = await approvedOwner(fixture, 'phone', ['operator.admin', 'operator.pairing', 'photos.write'])
      await fixture.service.rotate(HOST, { ...OPERATOR, scopes: ['operator.pairing'] })
      return fixture.service.list(by)
    }],
  ['anything once all of it was lost', 'FORBIDDEN', 'missing scope: operator.pairing', missing('operator.pairing'),
    async (fixture) => {
      const by = await approvedOwner(fixture, 'phone')
      await fixture.service.remove(HOST, PHONE)
      return fixture.service.list(by)
    }],
] // prettier-ignore

/** The n-th wrong code. */
const wrongCode = (n: number) => async (fixture: Fixture) => {
  const by = await fixture.owner()
  const { id: requestId } = await requestWithCode(fixture, 'phone', ['operator.read'])
  const guess = () => fixture.service.approve(by, { requestId, code: '0000-0000' })
  for (let i = 1; i < n; i += 1) await expect(guess()).rejects.toThrow()
  return guess()
}
const strike = (attemptsLeft: number) => ({ code: 'WRONG_CODE', attemptsLeft })

const APPROVALS: Refusal[] = [
  ['a first wrong code', 'FORBIDDEN', 'this is not the code that the device shows. 2 more and it is rejected.', strike(2), wrongCode(1)],
  ['a second wrong code', 'FORBIDDEN', 'this is not the code that the device shows. 1 more and it is rejected.', strike(1), wrongCode(2)],
  ['a third wrong code', 'FORBIDDEN', 'this is not the code that the device shows. The request was rejected.', strike(0), wrongCode(3)],
  ['no code', 'INVALID_REQUEST', 'this approval needs the code that the device shows: eight digits such as 4821-0937', named('CODE_REQUIRED'),
    async (fixture) => {
      const { id: requestId } = await requestWithCode(fixture, 'phone', RISKY)
      return fixture.service.approve({ ...SHARED_SECRET, scopes: ADMIN }, { requestId })
    }],
  ['a code of a device that shows none', 'FORBIDDEN', 'this device shows no code, so nothing proves that the request is its own. Compare the key, and approve it without a code only if you know it', named('CODE_MISSING'),
    async (fixture) => fixture.service.approve({ ...SHARED_SECRET, scopes: ADMIN }, { requestId: await idOf(fixture, RISKY) })],
  ['repeating an approval once the device is gone', 'NOT_FOUND', 'this device was removed after the approval', undefined,
    async (fixture) => {
      const requestId = await idOf(fixture, [])
      await fixture.service.approve(HOST, { requestId })
      await fixture.service.remove(HOST, PHONE)
      return fixture.service.approve(HOST, { requestId })
    }],
  ['approving for half a second', 'INVALID_REQUEST', 'expiresInMs: got 500, expected milliseconds from 1000 to 315360000000', undefined,
    async (fixture) => fixture.service.approve(HOST, { requestId: await idOf(fixture, []), expiresInMs: 500 })],
  ['approving something else than the first did', 'INVALID_REQUEST', 'the first approver has approved something else',
    { code: 'APPROVALS_DIFFER', asks: [{ role: 'operator', scopes: PAIR }], expiresInMs: 60_000 },
    async (fixture) => {
      const requestId = await idOf(fixture, PAIR)
      await fixture.service.approve(await approvedOwner(fixture, 'one', ADMIN), { requestId, expiresInMs: 60_000 })
      return fixture.service.approve(await approvedOwner(fixture, 'two', ADMIN), { requestId })
    }],
  ['approving after another that was paired silently too', 'FORBIDDEN', 'two approvers are needed, and one of them must be a device that the owner has approved itself', named('SECOND_APPROVER_SILENT'),
    async (fixture) => {
      const requestId = await idOf(fixture, PAIR)
      await fixture.service.approve(await fixture.owner('one', ADMIN), { requestId })
      return fixture.service.approve(await fixture.owner('two', ADMIN), { requestId })
    }],
] // prettier-ignore

const DEVICES: Refusal[] = [
  ['a name that shows nothing', 'INVALID_REQUEST', 'label: nothing visible is left of this name', undefined,
    ({ service }) => service.rename(HOST, PHONE, ' ')],
  ['renaming a device that is not there', 'NOT_FOUND', 'unknown deviceId', undefined,
    ({ service }) => service.rename(HOST, PHONE, 'Hall')],
  ['removing a device that is not there', 'NOT_FOUND', 'unknown deviceId', undefined,
    ({ service }) => service.remove(HOST, PHONE)],
  ['hearing again of a device that is heard', 'NOT_FOUND', 'this device is not ignored', undefined,
    ({ service }) => service.unignore(HOST, PHONE)],
  ['rotating a token that is not there', 'NOT_FOUND', 'this device has no token in this role', undefined,
    ({ service }) => service.rotate(HOST, OPERATOR)],
  ['revoking a token that is not there', 'NOT_FOUND', 'this device has no token in this role', undefined,
    ({ service }) => service.revoke(HOST, PHONE, 'operator')],
  ['rotating a token that was revoked', 'INVALID_REQUEST', 'this token was revoked; the device has to pair again', named('TOKEN_REVOKED'),
    async ({ connect, service }) => {
      await connect('phone', 'operator', [])
      await service.revoke(HOST, PHONE, 'operator')
      return service.rotate(HOST, OPERATOR)
    }],
  ['keeping what a device does not hold', 'INVALID_REQUEST', 'scopes: the device does not hold a.b, c.d', { code: 'SCOPE_NOT_HELD', scopes: ['a.b', 'c.d'] },
    async ({ connect, service }) => {
      await connect('phone', 'operator', ['operator.read'])
      return service.rotate(HOST, { ...OPERATOR, scopes: ['a.b', 'operator.read', 'c.d'] })
    }],
] // prettier-ignore

const REQUESTS: Refusal[] = [
  ['looking at a device that is not there', 'NOT_FOUND', 'unknown deviceId', undefined,
    ({ service }) => service.device(HOST, PHONE)],
  ['looking at a request that is not there', 'NOT_FOUND', 'unknown requestId', undefined,
    ({ service }) => service.request(HOST, 'other')],
  ['deciding on a request that is not there', 'NOT_FOUND', 'unknown requestId', undefined,
    ({ service }) => service.approve(HOST, { requestId: 'other' })],
  ['rejecting a request that was approved', 'INVALID_REQUEST', 'this request was approved already', { code: 'REQUEST_SETTLED', state: 'approved' },
    async (fixture) => {
      const requestId = await idOf(fixture, [])
      await fixture.service.approve(HOST, { requestId })
      return fixture.service.reject(HOST, requestId)
    }],
] // prettier-ignore

/** With the request to look at now. */
const OUTDATED: [what: string, message: string, call: (fixture: Fixture) => Promise<unknown>][] = [
  ['a request that was widened since', 'the device has asked for more since; look at its new request',
    async (fixture) => {
      const requestId = await idOf(fixture, [])
      await idOf(fixture, ['operator.read'])
      return fixture.service.approve(HOST, { requestId })
    }],
  ['a request by another digest', 'the digest is not that of this request; look at it again',
    async (fixture) => fixture.service.approve(HOST, { requestId: await idOf(fixture, []), digest: 'other' })],
] // prettier-ignore

const INVITATIONS: Refusal[] = [
  ['an invitation more than may be open', 'RATE_LIMITED', 'there are 3 open invitations; revoke some first', undefined,
    async ({ service }) => {
      for (let i = 0; i < 3; i += 1) await service.invite(HOST, READ)
      return service.invite(HOST, READ)
    }],
  ['an invitation for less than a second', 'INVALID_REQUEST', 'ttlMs: got 999, expected milliseconds from 1000 to 604800000 (a week)', undefined,
    ({ service }) => service.invite(HOST, { ...READ, ttlMs: 999 })],
  ['an invitation to what two have to approve', 'FORBIDDEN', 'two approvers have to agree on these scopes: let the device ask for them, and both approve', named('SECOND_APPROVER_REQUIRED'),
    async (fixture) => fixture.service.invite(await approvedOwner(fixture, 'owner', ADMIN), { role: 'operator', scopes: PAIR })],
  ['an invitation for the first owner where there is one', 'INVALID_REQUEST', 'this gateway has an owner already: ask for an invitation', named('OWNER_EXISTS'),
    async (fixture) => fixture.service.invite(await approvedOwner(fixture, 'owner'), { ...READ, isFirstOwner: true })],
  ['revoking an invitation that is not there', 'NOT_FOUND', 'unknown inviteId', undefined,
    ({ service }) => service.revokeInvite(HOST, 'other')],
  ['revoking an invitation that was used', 'INVALID_REQUEST', 'this invitation was used; remove the device instead', { code: 'INVITE_USED', deviceId: PHONE },
    async ({ service }) => {
      const { invite, token } = await service.invite(HOST, READ)
      await service.connect({ ...attemptOf('phone', 'operator', [], remoteVerdict), bootstrapToken: token })
      return service.revokeInvite(HOST, invite.id)
    }],
] // prettier-ignore

/** Word for word: people act on the message, programs on the details. */
onEachStore('what is refused', { approval: { codeFor: RISKY, secondApproverFor: PAIR } }, (bench) => {
  test.each([...AUTHORITY, ...APPROVALS, ...DEVICES, ...REQUESTS, ...INVITATIONS])(
    '%s: %s',
    async (_what, code, message, details, call) => {
      const error = await call(bench.fixture).catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(LatchkeyError)
      const refused = error as LatchkeyError
      expect([refused.code, refused.message, refused.details]).toStrictEqual([code, message, details])
    },
  )

  test.each(OUTDATED)('deciding on %s: %s', async (_what, message, call) => {
    const error = await call(bench.fixture).catch((thrown: unknown) => thrown)
    const [now] = (await bench.fixture.service.list(HOST)).pending
    expect(error).toMatchObject({
      code: 'REQUEST_SUPERSEDED',
      message,
      details: { requestId: now?.id, digest: now?.digest },
    })
  })
})
