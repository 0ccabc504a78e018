import { expect, test } from '@jest/globals'
import { approvedOwner, HOST, onEachStore, refusal, SHARED_SECRET } from './on-each-store.ts'
import { attemptOf, deviceIdOf, LIMITS } from './service-fixture.ts'
import { remoteVerdict } from './verdicts.ts'

const PHONE = deviceIdOf('phone')

const TEN_YEARS_MS = 10 * 365 * 24 * 3600 * 1000

/** What each decision leaves, field by field: in the store, in the log, and told. */
onEachStore('a request in full:', {}, (bench) => {
  const lastDetails = async (): Promise<unknown> => JSON.parse((await bench.audit()).at(-1)?.details ?? '')
  const lastEvent = () => bench.fixture.events.at(-1)

  test('a request, as it is filed and kept alive', async () => {
    const { service, clock } = bench.fixture
    const attempt = attemptOf('phone', 'operator', ['operator.read'], remoteVerdict)
    const outcome = await service.connect(attempt)
    const filed = await service.request(HOST, attempt.requestId)
    expect(filed).toEqual({
      id: attempt.requestId,
      deviceId: PHONE,
      publicKey: attempt.publicKey,
      ...attempt.claims,
      asks: [{ role: 'operator', scopes: ['operator.read'] }],
      role: 'operator',
      reason: 'not-paired',
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      state: 'pending',
      supersededBy: null,
      fromAddress: '203.0.113.7',
      addressPrefix: '203.0.113.7',
      localityReason: 'hop-untrusted',
      localityAdvice: remoteVerdict.advice,
      localityTrace: [],
      verification: null,
      codeFailures: 0,
      approvals: [],
      createdAtMs: clock.nowMs,
      refreshedAtMs: clock.nowMs,
      expiresAtMs: clock.nowMs + LIMITS.requestTtlMs,
      decidedAtMs: null,
      decidedBy: null,
    })
    expect(outcome).toEqual({ kind: 'waiting', reason: 'not-paired', heldRoles: [], heldScopes: [], request: filed, isNew: true, unfiled: null }) // prettier-ignore
    expect(lastEvent()).toEqual({ kind: 'requested', request: filed })
    // A retry costs a write once in a tenth of its time to live.
    clock.nowMs += LIMITS.requestTtlMs / 10 - 1
    await service.connect({ ...attempt, requestId: 'other' })
    expect(await service.request(HOST, filed.id)).toEqual(filed)
    clock.nowMs += 1
    const retry = await service.connect({ ...attempt, requestId: 'other' })
    const kept = { ...filed, refreshedAtMs: clock.nowMs, expiresAtMs: clock.nowMs + LIMITS.requestTtlMs }
    expect(await service.request(HOST, filed.id)).toEqual(kept)
    expect(retry).toMatchObject({ isNew: false, unfiled: null, request: kept })
    expect(bench.fixture.events).toHaveLength(1)
  })

  test('a wider request, the one that it replaces, and the role of a later retry', async () => {
    const first = await bench.fixture.request('phone', 'operator', [])
    const second = await bench.fixture.request('phone', 'node', [])
    expect(await bench.fixture.service.request(HOST, first.id)).toEqual({
      ...first,
      state: 'superseded',
      supersededBy: second.id,
    })
    expect((await bench.audit()).map(({ kind, actor }) => [kind, actor])).toEqual([
      ['request-filed', PHONE],
      ['request-superseded', 'gateway'],
      ['request-filed', PHONE],
    ])
    expect(JSON.parse((await bench.audit())[1]?.details ?? '')).toEqual({ requestId: first.id, supersededBy: second.id }) // prettier-ignore
    bench.fixture.clock.nowMs += LIMITS.requestTtlMs / 2
    expect(await bench.fixture.request('phone', 'operator', [])).toMatchObject({ id: second.id, role: 'operator' }) // prettier-ignore
  })

  test('a request that nobody retried', async () => {
    const request = await bench.fixture.request('phone', 'operator', [])
    bench.fixture.clock.nowMs += LIMITS.requestTtlMs - 1
    await bench.fixture.service.sweep()
    expect(await bench.fixture.service.request(HOST, request.id)).toEqual(request)
    bench.fixture.clock.nowMs += 1
    await bench.fixture.service.sweep()
    const expired = { ...request, state: 'expired', decidedAtMs: bench.fixture.clock.nowMs }
    expect(await bench.fixture.service.request(HOST, request.id)).toEqual(expired)
    expect(lastEvent()).toEqual({ kind: 'resolved', request: expired, decision: 'expired' })
    expect((await bench.audit()).at(-1)).toMatchObject({ kind: 'request-expired', actor: 'gateway', deviceId: PHONE }) // prettier-ignore
    expect(await lastDetails()).toEqual({ requestId: request.id })
  })

  test('an approval: the device, its grant, and the end of the request', async () => {
    const { service, clock } = bench.fixture
    const owner = await bench.fixture.owner()
    const request = await bench.fixture.request('phone', 'operator', ['operator.read'])
    clock.nowMs += 5
    const approval = await service.approve(owner, { requestId: request.id, expiresInMs: 1000 })
    const { displayName, platform, deviceFamily, clientId, clientMode, publicKey } = request
    const device = { id: PHONE, publicKey, displayName, label: null, platform, deviceFamily, clientId, clientMode, createdAtMs: clock.nowMs, lastSeenAtMs: null } // prettier-ignore
    const grant = {
      id: expect.any(String) as unknown,
      deviceId: PHONE,
      role: 'operator',
      via: 'owner',
      scopes: ['operator.read'],
      approvedBy: owner.deviceId,
      origin: request.id,
      fromAddress: '203.0.113.7',
      localityReason: 'hop-untrusted',
      host: null,
      grantedAtMs: clock.nowMs,
      expiresAtMs: clock.nowMs + 1000,
    }
    expect(approval).toEqual({ kind: 'approved', paired: { device, grants: [grant], tokens: [], isElsewhere: false } }) // prettier-ignore
    const settled = { ...request, state: 'approved', decidedAtMs: clock.nowMs, decidedBy: owner.deviceId }
    expect(await service.request(HOST, request.id)).toEqual(settled)
    expect(lastEvent()).toEqual({ kind: 'resolved', request: settled, decision: 'approved' })
  })

  test('an approval of more keeps the device as it is', async () => {
    await approvedOwner(bench.fixture, 'phone', ['operator.read'])
    await bench.fixture.service.rename(HOST, PHONE, 'Hall')
    const before = (await bench.fixture.service.device(HOST, PHONE)).device
    const { id: requestId } = await bench.fixture.request('phone', 'node', [])
    bench.fixture.clock.nowMs += 5
    await bench.fixture.service.approve(HOST, { requestId, expiresInMs: TEN_YEARS_MS })
    expect((await bench.fixture.service.device(HOST, PHONE)).device).toEqual(before)
    await expect(bench.fixture.service.approve(HOST, { requestId, expiresInMs: TEN_YEARS_MS + 1 })).rejects.toEqual(refusal('INVALID_REQUEST')) // prettier-ignore
    await expect(bench.fixture.service.approve(HOST, { requestId, expiresInMs: 999 })).rejects.toEqual(refusal('INVALID_REQUEST')) // prettier-ignore
  })

  test('a rejection, and one that says why', async () => {
    const request = await bench.fixture.request('phone', 'operator', [])
    bench.fixture.clock.nowMs += 5
    const rejected = await bench.fixture.service.reject(HOST, request.id)
    expect(rejected).toEqual({ ...request, state: 'rejected', decidedAtMs: bench.fixture.clock.nowMs, decidedBy: 'host' }) // prettier-ignore
    expect(lastEvent()).toEqual({ kind: 'resolved', request: rejected, decision: 'rejected' })
    expect(await lastDetails()).toMatchObject({ said: null, requestId: request.id })
  })

  test('a decision by a rule of the app’s own, which signs with another name than its program', async () => {
    const request = await bench.fixture.request('phone', 'operator', [])
    await bench.fixture.service.approve({ kind: 'host', name: 'policy' }, { requestId: request.id })
    expect((await bench.audit()).at(-1)).toMatchObject({ kind: 'request-approved', actor: 'policy' })
    expect(lastEvent()).toMatchObject({ request: { decidedBy: 'policy' } })
    expect(await bench.grantsOf('phone')).toMatchObject([{ approvedBy: 'policy' }])
  })

  test('a key that is ignored, and one that is heard again', async () => {
    const request = await bench.fixture.request('phone', 'operator', [])
    await bench.fixture.service.ignore(HOST, request.id)
    expect(bench.fixture.events.slice(1).map((event) => ({ ...event, request: undefined }))).toEqual([
      { kind: 'changed', what: 'ignored', deviceId: PHONE },
      { kind: 'resolved', decision: 'rejected' },
    ])
    expect((await bench.audit()).slice(1).map(({ kind, deviceId }) => [kind, deviceId])).toEqual([
      ['device-ignored', PHONE],
      ['request-rejected', PHONE],
    ])
    expect(await lastDetails()).toEqual({ requestId: request.id, said: 'ignored' })
    expect(JSON.parse((await bench.audit())[1]?.details ?? '')).toMatchObject({ requestId: request.id })
    expect(await bench.fixture.service.ignored(HOST)).toEqual([
      { deviceId: PHONE, displayName: 'phone', ignoredBy: 'host', ignoredAtMs: bench.fixture.clock.nowMs },
    ])
    await bench.fixture.service.unignore(HOST, PHONE)
    expect(lastEvent()).toEqual({ kind: 'changed', what: 'ignored', deviceId: PHONE })
    expect((await bench.audit()).at(-1)).toMatchObject({ kind: 'device-unignored', deviceId: PHONE, details: '{}' }) // prettier-ignore
  })
})

onEachStore(
  'a first of two approvals in full:',
  { approval: { secondApproverFor: ['operator.admin'] } },
  (bench) => {
    test('what it keeps, records and tells', async () => {
      const owner = await bench.fixture.owner()
      const request = await bench.fixture.request('phone', 'operator', ['operator.admin'])
      bench.fixture.clock.nowMs += 5
      await bench.fixture.service.approve(owner, { requestId: request.id, expiresInMs: 60_000 })
      const first = {
        by: owner.deviceId,
        authority: { role: 'operator', scopes: ['operator.admin'], silentHost: '' },
        asks: request.asks,
        expiresInMs: 60_000,
        atMs: bench.fixture.clock.nowMs,
      }
      expect(await bench.fixture.service.request(HOST, request.id)).toEqual({
        ...request,
        approvals: [first],
      })
      expect(bench.fixture.events.at(-1)).toEqual({ kind: 'changed', what: 'approval', deviceId: PHONE })
      const entry = (await bench.audit()).at(-1)
      expect(entry).toMatchObject({ kind: 'request-half-approved', actor: owner.deviceId, deviceId: PHONE })
      expect(JSON.parse(entry?.details ?? '')).toMatchObject({ requestId: request.id, granted: request.asks, expiresInMs: 60_000, codeTyped: false, withoutCode: false }) // prettier-ignore
    })

    test.each([SHARED_SECRET, { ...SHARED_SECRET, kind: 'local' } as const])(
      'what it keeps of an approver without a key of its own: %j',
      async (by) => {
        const request = await bench.fixture.request('phone', 'operator', ['operator.admin'])
        await bench.fixture.service.approve(by, { requestId: request.id })
        expect((await bench.fixture.service.request(HOST, request.id)).approvals).toEqual([
          {
            by: by.kind,
            authority: { role: 'operator', scopes: [], silentHost: null },
            asks: request.asks,
            expiresInMs: null,
            atMs: bench.fixture.clock.nowMs,
          },
        ])
      },
    )
  },
)
