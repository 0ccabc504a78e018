import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { PairingStore } from '../../lib/pairing/index.ts'
import { attemptOf, deviceIdOf, LIMITS, serviceFixture, STORES, type Fixture } from './service-fixture.ts'
import { localVerdict, remoteVerdict } from './verdicts.ts'

describe.each(STORES)('pairing on the %s store', (_name, open) => {
  let store: PairingStore
  let remove: () => void
  let fixture: Fixture

  beforeEach(async () => {
    ;({ store, remove } = await open())
    fixture = serviceFixture(store)
  })
  afterEach(async () => {
    await store.close()
    remove()
  })

  describe('a local client', () => {
    test('is paired silently, and widened silently for every single scope and role', async () => {
      for (const scope of ['operator.read', 'operator.write', 'operator.admin', 'x.y', 'operator.pairing']) {
        expect(await fixture.connect('tool', 'operator', [scope])).toMatchObject({ kind: 'admitted' })
      }
      expect(await fixture.connect('tool', 'node', [])).toMatchObject({ kind: 'admitted', silent: true })
      expect(await fixture.connect('tool', 'operator', ['operator.read'])).toMatchObject({
        kind: 'admitted',
        silent: false,
      })
      expect(new Set(fixture.events.map((event) => event.kind))).toEqual(new Set(['granted']))
    })

    test('gets one token per role, and never again', async () => {
      const first = await fixture.connect('tool', 'operator', [])
      const second = await fixture.connect('tool', 'operator', ['operator.read'])
      const node = await fixture.connect('tool', 'node', [])
      expect(first).toMatchObject({ newToken: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/) })
      expect(second).toMatchObject({ newToken: null })
      expect(node).toMatchObject({ newToken: expect.any(String) })
    })

    test('with the right token is let in, with a wrong one or that of another device it is not', async () => {
      const tokenOf = async (name: string): Promise<string> => {
        const outcome = await fixture.connect(name, 'operator', [])
        return (outcome.kind === 'admitted' && outcome.newToken) || ''
      }
      const own = await tokenOf('tool')
      const other = await tokenOf('other')
      const attempt = attemptOf('tool', 'operator', [], localVerdict)
      expect(await fixture.service.connect({ ...attempt, token: own })).toMatchObject({ kind: 'admitted' })
      expect(await fixture.service.connect({ ...attempt, token: other })).toMatchObject({
        kind: 'token-mismatch',
      })
      expect(await fixture.service.connect({ ...attempt, token: 'x' })).toMatchObject({
        kind: 'token-mismatch',
      })
    })

    test('neither waits for nor takes part in a request that was made from elsewhere', async () => {
      const request = await fixture.request('tool', 'operator', ['operator.admin'])
      expect(await fixture.connect('tool', 'operator', ['operator.read'])).toMatchObject({
        kind: 'admitted',
        silent: true,
      })
      const grants = await store.transaction((tx) => tx.grants(deviceIdOf('tool')))
      expect(grants.map(({ via, scopes }) => ({ via, scopes }))).toEqual([
        { via: 'silent', scopes: ['operator.read'] },
      ])
      expect(await store.transaction((tx) => tx.request(request.id))).toEqual(request)
    })

    test('that calls from elsewhere later waits, although it was paired silently', async () => {
      await fixture.connect('tool', 'operator', ['operator.read'])
      expect(await fixture.connect('tool', 'operator', ['operator.read'], remoteVerdict)).toMatchObject({
        kind: 'waiting',
        reason: 'remote-use',
        heldRoles: [],
      })
    })
  })

  describe('a request', () => {
    test('keeps its id on a covered retry', async () => {
      const first = await fixture.request('phone', 'operator', ['operator.write'])
      const again = await fixture.request('phone', 'operator', ['operator.read'])
      expect(again.id).toBe(first.id)
      expect(fixture.events).toHaveLength(1)
    })

    test('that asks for more takes the place of the first, with the union of roles and scopes', async () => {
      const first = await fixture.request('phone', 'operator', ['operator.read'])
      const second = await fixture.request('phone', 'node', [])
      expect(second.id).not.toBe(first.id)
      expect(second.digest).not.toBe(first.digest)
      expect(second.asks).toEqual([
        { role: 'node', scopes: [] },
        { role: 'operator', scopes: ['operator.read'] },
      ])
      const owner = await fixture.owner()
      await expect(
        fixture.service.approve(owner, { requestId: first.id, digest: first.digest }),
      ).rejects.toMatchObject({
        code: 'REQUEST_SUPERSEDED',
        details: { requestId: second.id, digest: second.digest, addedRoles: ['node'], addedScopes: [] },
      })
      expect(await store.transaction((tx) => tx.grants(deviceIdOf('phone')))).toEqual([])

      const approved = await fixture.service.approve(owner, { requestId: second.id, digest: second.digest })
      expect(approved).toMatchObject({ kind: 'approved' })
      const grants = approved.kind === 'approved' ? approved.paired.grants : []
      expect(grants.map((grant) => grant.role)).toEqual(['node', 'operator'])
      expect(await fixture.connect('phone', 'node', [], null)).toMatchObject({ kind: 'admitted' })
      expect(await fixture.connect('phone', 'operator', ['operator.read'], null)).toMatchObject({
        kind: 'admitted',
      })
    })

    test('ends when nobody retried for its time to live, and retries keep it alive', async () => {
      const first = await fixture.request('phone', 'operator', [])
      fixture.clock.nowMs += LIMITS.requestTtlMs - 1
      expect((await fixture.request('phone', 'operator', [])).id).toBe(first.id)
      fixture.clock.nowMs += LIMITS.requestTtlMs - 1
      expect((await fixture.request('phone', 'operator', [])).id).toBe(first.id)
      fixture.clock.nowMs += LIMITS.requestTtlMs
      const owner = await fixture.owner()
      await expect(fixture.service.approve(owner, { requestId: first.id })).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
      })
      expect(fixture.events).toContainEqual(
        expect.objectContaining({ kind: 'resolved', decision: 'expired' }),
      )
      expect((await fixture.request('phone', 'operator', [])).id).not.toBe(first.id)
    })

    test('beyond a cap is not filed, and pushes no other out', async () => {
      const honest = await fixture.request('honest', 'operator', [])
      for (let i = 0; i < LIMITS.maxPendingPerPrefix - 1; i += 1)
        await fixture.request(`flood-${i}`, 'operator', [])
      const late = await fixture.connect('late', 'operator', [], remoteVerdict)
      expect(late).toMatchObject({ kind: 'waiting', request: null })
      const elsewhere = { ...remoteVerdict, clientAddress: '198.51.100.9' }
      expect(await fixture.connect('late', 'operator', [], elsewhere)).toMatchObject({
        request: expect.objectContaining({}),
      })
      // A device that waits already may ask for more.
      expect((await fixture.request('honest', 'node', [])).asks).toHaveLength(2)
      const owner = await fixture.owner()
      const { pending } = await fixture.service.list(owner)
      expect(pending.map((request) => request.deviceId)).toContain(honest.deviceId)
    })

    test('in total is capped over all prefixes', async () => {
      for (let i = 0; i < LIMITS.maxPending; i += 1) {
        await fixture.request(`flood-${i}`, 'operator', [], {
          ...remoteVerdict,
          clientAddress: `198.51.100.${i}`,
        })
      }
      const last = await fixture.connect('late', 'operator', [], {
        ...remoteVerdict,
        clientAddress: '192.0.2.1',
      })
      expect(last).toMatchObject({ kind: 'waiting', request: null })
    })

    test('carries where it came from and why that is not local', async () => {
      const request = await fixture.request('phone', 'operator', [])
      expect(request).toMatchObject({
        fromAddress: remoteVerdict.clientAddress,
        localityReason: remoteVerdict.reason,
        localityAdvice: remoteVerdict.advice,
      })
    })
  })

  describe('a decision', () => {
    test('with another digest is refused and grants nothing', async () => {
      const owner = await fixture.owner()
      const request = await fixture.request('phone', 'operator', ['operator.read'])
      await expect(
        fixture.service.approve(owner, { requestId: request.id, digest: 'f'.repeat(64) }),
      ).rejects.toMatchObject({
        code: 'REQUEST_SUPERSEDED',
      })
      expect(await store.transaction((tx) => tx.grants(request.deviceId))).toEqual([])
    })

    test('that is retried gets the same answer; the opposite one is refused', async () => {
      const owner = await fixture.owner()
      const request = await fixture.request('phone', 'operator', ['operator.read'])
      const first = await fixture.service.approve(owner, { requestId: request.id, digest: request.digest })
      expect(await fixture.service.approve(owner, { requestId: request.id, digest: request.digest })).toEqual(
        first,
      )
      await expect(fixture.service.reject(owner, request.id)).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
      })
      const other = await fixture.request('tablet', 'operator', [])
      const rejected = await fixture.service.reject(owner, other.id)
      expect(await fixture.service.reject(owner, other.id)).toEqual(rejected)
      await expect(fixture.service.approve(owner, { requestId: other.id })).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
      })
    })

    test('about a request that is not there is refused', async () => {
      const owner = await fixture.owner()
      await expect(fixture.service.approve(owner, { requestId: 'nobody' })).rejects.toMatchObject({
        code: 'NOT_FOUND',
      })
      await expect(fixture.service.remove(owner, deviceIdOf('nobody'))).rejects.toMatchObject({
        code: 'NOT_FOUND',
      })
    })

    test('about oneself is refused', async () => {
      const owner = await fixture.owner()
      const own = await fixture.request('owner', 'node', [])
      await expect(fixture.service.approve(owner, { requestId: own.id })).rejects.toMatchObject({
        code: 'FORBIDDEN',
        details: { code: 'SELF_APPROVAL' },
      })
    })

    test.each<[string, string[], string[], string | null]>([
      ['admin grants operator scopes', ['operator.admin'], ['operator.write'], null],
      ['admin does not grant scopes of an app', ['operator.admin'], ['photos.read'], 'photos.read'],
      ['who holds them all does', ['operator.admin', 'photos.read'], ['photos.read'], null],
      ['pairing alone reaches only itself', ['operator.pairing'], [], 'operator.admin'],
      ['read decides nothing', ['operator.read'], [], 'operator.pairing'],
      ['no scopes decide nothing', [], [], 'operator.pairing'],
    ])('%s', async (_title, held, asked, missing) => {
      const approver = await fixture.owner('approver', held)
      const request = await fixture.request('phone', 'operator', asked)
      const approval = fixture.service.approve(approver, { requestId: request.id, digest: request.digest })
      if (missing === null)
        await expect(approval).resolves.toMatchObject({ paired: { device: { id: request.deviceId } } })
      else
        await expect(approval).rejects.toMatchObject({
          code: 'FORBIDDEN',
          details: { missingScope: missing },
        })
    })

    test('of somebody who was removed meanwhile is refused', async () => {
      const owner = await fixture.owner()
      const other = await fixture.owner('other')
      const request = await fixture.request('phone', 'operator', [])
      await fixture.service.remove(owner, other.deviceId)
      await expect(fixture.service.approve(other, { requestId: request.id })).rejects.toMatchObject({
        code: 'FORBIDDEN',
      })
      await expect(fixture.service.list(other)).rejects.toMatchObject({ code: 'FORBIDDEN' })
      await expect(fixture.service.remove(other, owner.deviceId)).rejects.toMatchObject({ code: 'FORBIDDEN' })
    })

    test('of somebody whose silent grants do not count from where it is is refused', async () => {
      const owner = await fixture.owner()
      const request = await fixture.request('phone', 'operator', [])
      const fromElsewhere = { ...owner, silentHonoured: false }
      await expect(fixture.service.approve(fromElsewhere, { requestId: request.id })).rejects.toMatchObject({
        code: 'FORBIDDEN',
      })
    })
  })

  describe('removing a device', () => {
    test('takes its grants, tokens and request, and tells', async () => {
      const owner = await fixture.owner()
      const request = await fixture.request('phone', 'operator', [])
      await fixture.service.approve(owner, { requestId: request.id })
      await fixture.connect('phone', 'operator', [], null)
      const next = await fixture.request('phone', 'node', [])
      await fixture.service.remove(owner, request.deviceId)
      expect(fixture.events.slice(-2)).toMatchObject([
        { kind: 'resolved', decision: 'rejected', request: { id: next.id } },
        { kind: 'removed', deviceId: request.deviceId },
      ])
      expect(await fixture.connect('phone', 'operator', [], remoteVerdict)).toMatchObject({
        kind: 'waiting',
        reason: 'not-paired',
      })
    })

    test('is allowed to the device itself, and to nobody else without operator.admin', async () => {
      const one = await fixture.owner('one', ['operator.pairing'])
      const two = await fixture.owner('two', ['operator.pairing'])
      await expect(fixture.service.remove(one, two.deviceId)).rejects.toMatchObject({ code: 'FORBIDDEN' })
      await fixture.service.remove(one, one.deviceId)
      expect(await store.transaction((tx) => tx.device(one.deviceId))).toBeNull()
    })
  })

  test('who lacks operator.admin sees only itself', async () => {
    const admin = await fixture.owner('admin')
    const limited = await fixture.owner('limited', ['operator.pairing'])
    await fixture.request('phone', 'operator', [])
    await fixture.request('limited', 'node', [])
    const all = await fixture.service.list(admin)
    expect([all.pending.length, all.paired.length]).toEqual([2, 2])
    const own = await fixture.service.list(limited)
    expect(own.pending.map((request) => request.deviceId)).toEqual([limited.deviceId])
    expect(own.paired.map(({ device }) => device.id)).toEqual([limited.deviceId])
  })

  test('a hundred upgrades of one device at a time lose nothing', async () => {
    const scopes = Array.from({ length: 100 }, (_, i) => `app.scope${i}`)
    await Promise.all(scopes.map((scope) => fixture.connect('tool', 'operator', [scope])))
    const grants = await store.transaction((tx) => tx.grants(deviceIdOf('tool')))
    expect(grants.flatMap((grant) => grant.scopes).sort()).toEqual([...scopes].sort())
    await Promise.all(scopes.map((scope) => fixture.connect('phone', 'operator', [scope], remoteVerdict)))
    const pending = await store.transaction((tx) => tx.pendingRequestOf(deviceIdOf('phone')))
    expect(pending?.asks).toEqual([{ role: 'operator', scopes: [...scopes].sort() }])
  })

  test('last seen is written at most once a minute', async () => {
    await fixture.connect('tool', 'operator', [])
    const seen = async (): Promise<number | null | undefined> =>
      (await store.transaction((tx) => tx.device(deviceIdOf('tool'))))?.lastSeenAtMs
    const before = await seen()
    fixture.clock.nowMs += 59_999
    const attempt = { ...attemptOf('tool', 'operator', [], localVerdict) }
    await fixture.service.connect(attempt)
    expect(await seen()).toBe(before)
    fixture.clock.nowMs += 1
    await fixture.service.connect(attempt)
    expect(await seen()).toBe(fixture.clock.nowMs)
  })

  test('the gateway keeps its id', async () => {
    const id = await fixture.service.gatewayId()
    expect(await fixture.service.gatewayId()).toBe(id)
    expect(await serviceFixture(store).service.gatewayId()).toBe(id)
  })

  test('sweeping ends what is over, and forgets it an hour later, or a day later when it was decided', async () => {
    const request = await fixture.request('phone', 'operator', [])
    fixture.clock.nowMs += LIMITS.requestTtlMs
    await fixture.service.sweep()
    expect(await store.transaction((tx) => tx.request(request.id))).toMatchObject({ state: 'expired' })
    const owner = await fixture.owner()
    const decided = await fixture.request('tablet', 'operator', [])
    await fixture.service.reject(owner, decided.id)
    fixture.clock.nowMs += 3600 * 1000
    await fixture.service.sweep()
    expect(await store.transaction((tx) => tx.request(request.id))).toBeNull()
    expect(await store.transaction((tx) => tx.request(decided.id))).toMatchObject({ state: 'rejected' })
    fixture.clock.nowMs += 24 * 3600 * 1000
    await fixture.service.sweep()
    expect(await store.transaction((tx) => tx.request(decided.id))).toBeNull()
  })
})
