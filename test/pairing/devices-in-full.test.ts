import { expect, test } from '@jest/globals'
import { approvedOwner, connectWithToken, HOST, onEachStore, refusal } from './on-each-store.ts'
import { attemptOf, deviceIdOf } from './service-fixture.ts'
import { localVerdict, remoteVerdict } from './verdicts.ts'

const PHONE = deviceIdOf('phone')
const WEEK_MS = 7 * 24 * 3600 * 1000

/** What each decision leaves, field by field: in the store, in the log, and told. */
onEachStore('a device in full:', {}, (bench) => {
  const lastDetails = async (): Promise<unknown> => JSON.parse((await bench.audit()).at(-1)?.details ?? '')
  const lastEvent = () => bench.fixture.events.at(-1)

  test('a removal, with what waited', async () => {
    await approvedOwner(bench.fixture, 'phone', ['operator.read'])
    const pending = await bench.fixture.request('phone', 'node', [])
    await bench.fixture.service.remove(HOST, PHONE)
    expect(await lastDetails()).toEqual({
      displayName: 'phone',
      label: null,
      held: [{ role: 'operator', scopes: ['operator.read'], via: 'owner' }],
      pending: pending.id,
    })
    expect(lastEvent()).toEqual({ kind: 'removed', deviceId: PHONE })
    expect((await bench.audit()).at(-1)).toMatchObject({ kind: 'device-removed', actor: 'host', deviceId: PHONE }) // prettier-ignore
  })

  test('a removal of a device that waits for nothing', async () => {
    await bench.fixture.connect('phone', 'operator', [])
    const told = bench.fixture.events.length
    await bench.fixture.service.remove(HOST, PHONE)
    expect(bench.fixture.events.slice(told)).toEqual([{ kind: 'removed', deviceId: PHONE }])
    expect(await lastDetails()).toMatchObject({ pending: null })
  })

  test('a new name, a new token, a role that is cut down', async () => {
    const { service, clock } = bench.fixture
    await approvedOwner(bench.fixture, 'phone', ['operator.write'])
    await service.rename(HOST, PHONE, 'Hall')
    expect(lastEvent()).toEqual({ kind: 'changed', what: 'name', deviceId: PHONE })
    clock.nowMs += 5
    expect(await service.rotate(HOST, { deviceId: PHONE, role: 'operator' })).toEqual({
      scopes: ['operator.write'],
      rotatedAtMs: clock.nowMs,
      token: null,
    })
    expect(await lastDetails()).toEqual({ role: 'operator', scopes: ['operator.write'], isReduced: false })
    expect(lastEvent()).toEqual({ kind: 'changed', what: 'token', deviceId: PHONE })
    const scopes = ['operator.read']
    expect(await service.rotate(HOST, { deviceId: PHONE, role: 'operator', scopes })).toMatchObject({
      scopes,
    })
    expect(await lastDetails()).toEqual({ role: 'operator', scopes, isReduced: true })
    expect((await bench.audit()).at(-1)).toMatchObject({ kind: 'token-rotated', actor: 'host', deviceId: PHONE }) // prettier-ignore
    expect(bench.fixture.events.at(-2)).toEqual({ kind: 'revoked', deviceId: PHONE, role: 'operator', why: 'scopes reduced' }) // prettier-ignore
    await expect(service.rotate(HOST, { deviceId: PHONE, role: 'operator', scopes: ['a.b', 'operator.read', 'c.d'] })).rejects.toEqual(refusal('INVALID_REQUEST', { code: 'SCOPE_NOT_HELD', scopes: ['a.b', 'c.d'] })) // prettier-ignore
  })

  test('a revocation, of a token, of a role without one, and once more after a new approval', async () => {
    const { service, clock } = bench.fixture
    await approvedOwner(bench.fixture, 'phone', ['operator.read'])
    await connectWithToken(bench.fixture, 'phone', null)
    clock.nowMs += 5
    expect(await service.revoke(HOST, PHONE, 'operator')).toBe(clock.nowMs)
    expect(await lastDetails()).toEqual({ role: 'operator', scopes: ['operator.read'] })
    expect(lastEvent()).toEqual({ kind: 'revoked', deviceId: PHONE, role: 'operator', why: 'token revoked' })
    const first = clock.nowMs
    clock.nowMs += 5
    expect(await service.revoke(HOST, PHONE, 'operator')).toBe(first)
    for (const role of ['operator', 'node']) {
      const { id: requestId } = await bench.fixture.request('phone', role, ['operator.read'])
      await service.approve(HOST, { requestId })
      expect(await service.revoke(HOST, PHONE, role)).toBe(clock.nowMs)
      expect(await bench.grantsOf('phone')).toEqual([])
    }
  })

  test('a device that was let in silently, its grant and what is told of it', async () => {
    const { service, clock, events } = bench.fixture
    const attempt = attemptOf('phone', 'operator', ['operator.read'], localVerdict)
    expect(await service.connect(attempt)).toEqual({
      kind: 'admitted',
      ask: attempt.ask,
      silent: true,
      newToken: expect.stringMatching(/^[\w-]{43}$/),
      untilMs: null,
      atSeq: 0,
    })
    expect(await bench.grantsOf('phone')).toEqual([
      {
        id: expect.any(String),
        deviceId: PHONE,
        role: 'operator',
        via: 'silent',
        scopes: ['operator.read'],
        approvedBy: null,
        origin: null,
        fromAddress: '127.0.0.1',
        localityReason: 'local',
        host: '',
        grantedAtMs: clock.nowMs,
        expiresAtMs: null,
      },
    ])
    expect(events).toEqual([{ kind: 'granted', deviceId: PHONE, displayName: 'phone', role: 'operator', scopes: ['operator.read'], via: 'silent' }]) // prettier-ignore
    expect((await service.device(HOST, PHONE)).device).toEqual({ id: PHONE, publicKey: attempt.publicKey, ...attempt.claims, label: null, createdAtMs: clock.nowMs, lastSeenAtMs: clock.nowMs }) // prettier-ignore
    expect(await lastDetails()).toEqual({ role: 'operator', scopes: ['operator.read'], reason: 'not-paired', ...attempt.claims, from: '127.0.0.1', assurance: 'same-user', locality: 'local', trace: [] }) // prettier-ignore
  })

  test('a device that was approved before it ever came in, when it does', async () => {
    const { service, clock, request, connect } = bench.fixture
    const { id: requestId } = await request('phone', 'operator', [])
    await service.approve(HOST, { requestId })
    expect((await service.device(HOST, PHONE)).device.lastSeenAtMs).toBeNull()
    await connect('phone', 'operator', [])
    expect((await service.device(HOST, PHONE)).device.lastSeenAtMs).toBe(clock.nowMs)
  })

  test('a device that calls itself otherwise, at once', async () => {
    const { service, clock } = bench.fixture
    const attempt = attemptOf('phone', 'operator', [], localVerdict)
    await service.connect(attempt)
    for (const claim of ['displayName', 'platform', 'deviceFamily', 'clientId', 'clientMode'] as const) {
      clock.nowMs += 1
      const claims = { ...attempt.claims, [claim]: 'another' }
      await service.connect({ ...attempt, claims })
      expect((await service.device(HOST, PHONE)).device).toMatchObject({
        ...claims,
        lastSeenAtMs: clock.nowMs,
      })
    }
  })

  test('an invitation, from its making to its use', async () => {
    const { service, clock, events } = bench.fixture
    const owner = await bench.fixture.owner()
    const ask = { role: 'operator', scopes: ['operator.write', 'operator.read', 'operator.read'], label: ' for  the phone ' } // prettier-ignore
    const { invite, token } = await service.invite(owner, ask)
    expect(invite).toEqual({
      id: expect.any(String),
      tokenHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      asks: [{ role: 'operator', scopes: ['operator.read', 'operator.write'] }],
      label: 'for the phone',
      createdBy: owner.deviceId,
      silentHost: '',
      isFirstOwner: false,
      createdAtMs: clock.nowMs,
      expiresAtMs: clock.nowMs + 600_000,
      usedBy: null,
      usedAtMs: null,
    })
    const { id, asks, label, expiresAtMs } = invite
    expect(await lastDetails()).toEqual({ id, asks, label, expiresAtMs, isFirstOwner: false })
    expect(events.at(-1)).toEqual({ kind: 'changed', what: 'invites', deviceId: null })
    clock.nowMs += 5
    const attempt = {
      ...attemptOf('phone', 'operator', ['operator.read'], remoteVerdict),
      bootstrapToken: token,
    }
    await service.connect(attempt)
    expect(await service.invites(HOST)).toEqual([{ ...invite, usedBy: PHONE, usedAtMs: clock.nowMs }])
    expect(await bench.grantsOf('phone')).toEqual([
      {
        id: expect.any(String),
        deviceId: PHONE,
        role: 'operator',
        via: 'owner',
        scopes: ['operator.read', 'operator.write'],
        approvedBy: owner.deviceId,
        origin: id,
        fromAddress: '203.0.113.7',
        localityReason: 'hop-untrusted',
        host: null,
        grantedAtMs: clock.nowMs,
        expiresAtMs: null,
      },
    ])
    expect(events.at(-1)).toEqual({ kind: 'granted', deviceId: PHONE, displayName: 'phone', role: 'operator', scopes: ['operator.read', 'operator.write'], via: 'invite' }) // prettier-ignore
    expect(await lastDetails()).toEqual({ inviteId: id, createdBy: owner.deviceId, asks, ...attempt.claims, from: '203.0.113.7', assurance: 'none', locality: 'hop-untrusted', trace: [] }) // prettier-ignore
  })

  test('an invitation that is taken back, and the bounds of its time', async () => {
    const { service, events, clock } = bench.fixture
    const ask = { role: 'node', scopes: [], label: 'x' }
    const made = await service.invite(HOST, { ...ask, ttlMs: 1000 })
    const week = await service.invite(HOST, { ...ask, ttlMs: WEEK_MS })
    expect([made.invite.expiresAtMs, week.invite.expiresAtMs]).toEqual([clock.nowMs + 1000, clock.nowMs + WEEK_MS]) // prettier-ignore
    await expect(service.invite(HOST, { ...ask, ttlMs: WEEK_MS + 1 })).rejects.toEqual(refusal('INVALID_REQUEST')) // prettier-ignore
    await service.revokeInvite(HOST, made.invite.id)
    expect(events.at(-1)).toEqual({ kind: 'changed', what: 'invites', deviceId: null })
    expect((await bench.audit()).at(-1)).toMatchObject({
      kind: 'invite-revoked',
      actor: 'host',
      deviceId: null,
    })
    expect(await lastDetails()).toEqual({ id: made.invite.id, asks: made.invite.asks, label: 'x', createdBy: 'host' }) // prettier-ignore
    expect((await service.invites(HOST)).map(({ id }) => id)).toEqual([week.invite.id])
  })
})
