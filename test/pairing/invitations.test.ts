import { expect, test } from '@jest/globals'
import type { ConnectOutcome } from '../../lib/pairing/index.ts'
import type { InviteAsk } from '../../lib/pairing/index.ts'
import { HOST, onEachStore, refusal, SHARED_SECRET } from './on-each-store.ts'
import { attemptOf, deviceIdOf } from './service-fixture.ts'
import { localVerdict, remoteVerdict } from './verdicts.ts'

const ASK: InviteAsk = { role: 'operator', scopes: ['operator.read'] }
const INVALID = { kind: 'invite-invalid' }

onEachStore('an invitation', {}, (bench) => {
  const make = async (authority: Parameters<typeof bench.fixture.service.invite>[0] = HOST, ask = ASK) =>
    bench.fixture.service.invite(authority, ask)
  const use = (
    token: string,
    device = 'guest',
    scopes = ['operator.read'],
    more: Partial<ReturnType<typeof attemptOf>> = {},
  ): Promise<ConnectOutcome> =>
    bench.fixture.service.connect({
      ...attemptOf(device, 'operator', scopes, remoteVerdict),
      bootstrapToken: token,
      ...more,
    })

  test('lets in the first key that brings it, from anywhere, and says who invited', async () => {
    const owner = await bench.fixture.owner()
    const { invite, token } = await make(owner)
    expect(await use(token)).toMatchObject({ kind: 'admitted', newToken: expect.any(String) as unknown })
    expect(await bench.grantsOf('guest')).toMatchObject([
      { via: 'owner', scopes: ['operator.read'], approvedBy: owner.deviceId, origin: invite.id },
    ])
    expect(bench.fixture.events.at(-1)).toMatchObject({ kind: 'granted', via: 'invite' })
    expect((await bench.audit()).map((entry) => entry.kind)).toEqual(
      expect.arrayContaining(['invite-made', 'invite-used']),
    )
  })

  test('is not asked for where the client is before that is known', async () => {
    const { token } = await make()
    expect(await use(token, 'guest', [], { verdict: null })).toEqual({ kind: 'needs-locality' })
    expect(await bench.grantsOf('guest')).toEqual([])
  })

  test('is bound to that key: another one is refused, the same may try again', async () => {
    const { token } = await make()
    await use(token)
    expect(await use(token, 'thief')).toEqual(INVALID)
    expect(await bench.grantsOf('thief')).toEqual([])
    expect(await use(token)).toMatchObject({ kind: 'admitted', newToken: null })
    expect(await bench.grantsOf('guest')).toHaveLength(1)
  })

  test('is used by one of two that bring it at the same time', async () => {
    const { token } = await make()
    const outcomes = await Promise.all(['a', 'b', 'c'].map((device) => use(token, device)))
    expect(outcomes.map((outcome) => outcome.kind).sort()).toEqual([
      'admitted',
      'invite-invalid',
      'invite-invalid',
    ])
  })

  test.each<[string, (id: string) => Promise<unknown> | undefined]>([
    ['over', () => void (bench.fixture.clock.nowMs += 10 * 60_000)],
    ['revoked', (id) => bench.fixture.service.revokeInvite(HOST, id)],
  ])('that is %s is worth nothing', async (_what, end) => {
    const { invite, token } = await make()
    await end(invite.id)
    expect(await use(token)).toEqual(INVALID)
    expect(await use('x'.repeat(43))).toEqual(INVALID)
    expect(await bench.grantsOf('guest')).toEqual([])
    expect(await bench.store.transaction((tx) => tx.device(deviceIdOf('guest')))).toBeNull()
  })

  test('is good until the last millisecond of its time', async () => {
    const { token } = await make(HOST, { ...ASK, ttlMs: 1000 })
    bench.fixture.clock.nowMs += 999
    expect(await use(token)).toMatchObject({ kind: 'admitted' })
  })

  test('of the shared secret is good', async () => {
    const { token } = await make(SHARED_SECRET)
    expect(await use(token)).toMatchObject({ kind: 'admitted' })
    expect(await bench.grantsOf('guest')).toMatchObject([{ approvedBy: 'shared-secret' }])
  })

  test('gives what it promises; the owner is asked for the rest', async () => {
    const { token } = await make()
    expect(await use(token, 'guest', ['operator.admin'])).toMatchObject({
      kind: 'waiting',
      reason: 'scope-upgrade',
      request: { asks: [{ role: 'operator', scopes: ['operator.admin'] }] },
    })
    expect((await bench.grantsOf('guest')).map((grant) => grant.scopes)).toEqual([['operator.read']])
    expect(await use(token, 'guest', ['operator.read'])).toMatchObject({ kind: 'admitted' })
  })

  test('is kept for one that is let in without it', async () => {
    const { token } = await make()
    const { id: requestId } = await bench.fixture.request('paired', 'operator', ['operator.read'])
    await bench.fixture.service.approve(HOST, { requestId })
    expect(await use(token, 'paired')).toMatchObject({ kind: 'admitted' })
    expect(await use(token)).toMatchObject({ kind: 'admitted' })
  })

  test('that is worth nothing takes nothing away from a device at home, which is let in by what it holds', async () => {
    await bench.fixture.connect('guest', 'operator', ['operator.read'])
    expect(await use('made up', 'guest', ['operator.read'], { verdict: localVerdict })).toMatchObject({
      kind: 'admitted',
      silent: false,
    })
    expect(await use('made up', 'guest', ['operator.read'])).toEqual(INVALID)
    expect(await use('made up', 'guest', ['operator.read'], { verdict: null })).toEqual({
      kind: 'needs-locality',
    })
    expect(
      await use('made up', 'guest', ['operator.read'], { verdict: localVerdict, requiresToken: true }),
    ).toEqual(INVALID)
  })

  test('stands in for the shared secret as long as it holds, and not once what it gave is gone', async () => {
    const { token } = await make()
    const requiresToken = true
    expect(await use(token, 'guest', ['operator.read'], { requiresToken })).toMatchObject({
      kind: 'admitted',
    })
    expect(await use(token, 'guest', ['operator.read'], { requiresToken })).toMatchObject({
      kind: 'admitted',
    })
    expect(await use('made up', 'other', [], { requiresToken })).toEqual(INVALID)
    await bench.fixture.service.remove(HOST, deviceIdOf('guest'))
    for (const verdict of [remoteVerdict, localVerdict])
      expect(await use(token, 'guest', ['operator.read'], { requiresToken, verdict })).toEqual(INVALID)
    expect((await bench.fixture.service.list(HOST)).pending).toEqual([])
  })

  test('does not stand in for the shared secret where a silent grant is needed beside what it gave', async () => {
    const { token } = await make()
    const requiresToken = true
    await use(token, 'guest', ['operator.read'], { requiresToken })
    await bench.fixture.connect('guest', 'operator', ['operator.write'])
    const both = ['operator.read', 'operator.write']
    const verdict = localVerdict
    expect(await use(token, 'guest', both, { requiresToken, verdict })).toEqual(INVALID)
    expect(await use(token, 'guest', both, { verdict })).toMatchObject({ kind: 'admitted' })
  })

  test('does not stand in for the shared secret when its time is over', async () => {
    const { token } = await make()
    await use(token, 'guest', ['operator.read'], { requiresToken: true })
    bench.fixture.clock.nowMs += 10 * 60_000
    expect(await use(token, 'guest', ['operator.read'], { requiresToken: true })).toEqual(INVALID)
    expect(await use(token, 'guest', ['operator.read'])).toMatchObject({ kind: 'admitted' })
  })

  test('does not bring a removed device back', async () => {
    const { token } = await make()
    await use(token)
    await bench.fixture.service.remove(HOST, deviceIdOf('guest'))
    expect(await use(token)).toMatchObject({ kind: 'waiting', reason: 'not-paired' })
    expect(await bench.grantsOf('guest')).toEqual([])
  })

  test('for the first owner works once, and only until an owner has approved anything', async () => {
    const first = { role: 'operator', scopes: ['operator.admin'], isFirstOwner: true }
    const one = await make(HOST, first)
    const two = await make(HOST, first)
    const outcomes = await Promise.all([
      use(one.token, 'a', ['operator.admin']),
      use(two.token, 'b', ['operator.admin']),
    ])
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(['admitted', 'invite-invalid'])
    await expect(make(HOST, first)).rejects.toEqual(refusal('INVALID_REQUEST', { code: 'OWNER_EXISTS' }))
    expect(await use(two.token, 'b', ['operator.admin'])).toEqual(INVALID)
  })

  test('is made by admins alone, and never for more than they hold', async () => {
    const pairing = await bench.fixture.owner('pairing', ['operator.pairing', 'operator.read'])
    await expect(make(pairing)).rejects.toEqual(refusal('FORBIDDEN', { missingScope: 'operator.admin' }))
    const admin = await bench.fixture.owner('admin')
    await expect(make(admin, { role: 'operator', scopes: ['photos.read'] })).rejects.toEqual(
      refusal('FORBIDDEN', { missingScope: 'photos.read' }),
    )
    for (const call of [
      bench.fixture.service.invites(pairing),
      bench.fixture.service.revokeInvite(pairing, (await make()).invite.id),
    ])
      await expect(call).rejects.toEqual(refusal('FORBIDDEN'))
    for (const ttlMs of [999, 8 * 24 * 3600 * 1000, 1.5, Number.NaN])
      await expect(make(HOST, { ...ASK, ttlMs })).rejects.toEqual(refusal('INVALID_REQUEST'))
  })

  test('is capped in number: used, revoked and ended ones make room', async () => {
    const made = [await make(), await make(), await make(HOST, { ...ASK, ttlMs: 1000 })]
    await expect(make()).rejects.toEqual(refusal('RATE_LIMITED'))
    await use(made[0]?.token ?? '')
    await make()
    await expect(make()).rejects.toEqual(refusal('RATE_LIMITED'))
    await bench.fixture.service.revokeInvite(HOST, made[1]?.invite.id ?? '')
    await make()
    bench.fixture.clock.nowMs += 1000
    await make()
    await expect(make()).rejects.toEqual(refusal('RATE_LIMITED'))
  })

  test('that was used cannot be revoked, and is forgotten a day after its time', async () => {
    const { invite, token } = await make()
    await use(token)
    await expect(bench.fixture.service.revokeInvite(HOST, invite.id)).rejects.toEqual(
      refusal('INVALID_REQUEST', { code: 'INVITE_USED', deviceId: deviceIdOf('guest') }),
    )
    await expect(bench.fixture.service.revokeInvite(HOST, 'other')).rejects.toEqual(refusal('NOT_FOUND'))
    bench.fixture.clock.nowMs = invite.expiresAtMs + 24 * 3600 * 1000 - 1
    await bench.fixture.service.sweep()
    expect(await bench.fixture.service.invites(HOST)).toHaveLength(1)
    bench.fixture.clock.nowMs += 1
    await bench.fixture.service.sweep()
    expect(await bench.fixture.service.invites(HOST)).toEqual([])
  })

  test('stands in the store as a hash alone', async () => {
    const { token } = await make(HOST, { ...ASK, label: 'x\u202ey' })
    await use(token)
    const kept = JSON.stringify(
      await bench.store.transaction(async (tx) => [
        await tx.invites(),
        await tx.auditEntries({ after: 0, limit: 1000 }),
        await tx.events({ after: 0, limit: 1000 }),
      ]),
    )
    expect(kept).not.toContain(token)
    expect(kept).toContain('x y')
  })
})
