import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { auditTrail } from '../../lib/pairing/audit-trail.ts'
import type { AuditEntry, Authority, PairingStore } from '../../lib/pairing/index.ts'
import { attemptOf, deviceIdOf, LIMITS, serviceFixture, STORES, type Fixture } from './service-fixture.ts'
import { localVerdict, remoteVerdict } from './verdicts.ts'

const HOST = { kind: 'host', name: 'host' } as const
const HOUR_MS = 3_600_000
const FAR = { from: '203.0.113.7', locality: 'hop-untrusted', trace: [] }

describe.each(STORES)('what the log keeps on the %s store', (_name, open) => {
  let store: PairingStore
  let remove: () => void
  let fixture: Fixture
  let owner: Authority

  beforeEach(async () => {
    ;({ store, remove } = await open())
    fixture = serviceFixture(store)
    owner = await fixture.owner()
  })
  afterEach(async () => {
    await store.close()
    remove()
  })

  const all = (): Promise<AuditEntry[]> =>
    store.transaction((tx) => tx.auditEntries({ after: 0, limit: 100_000 }))
  /** The last entry, its details read. */
  async function last(): Promise<Record<string, unknown>> {
    const entry = (await all()).at(-1)
    if (entry === undefined) throw new Error('nothing is recorded')
    return { ...entry, details: JSON.parse(entry.details) as unknown }
  }

  test('a silent grant: what, why, where', async () => {
    expect(await last()).toMatchObject({
      kind: 'silent-grant',
      actor: 'gateway',
      deviceId: deviceIdOf('owner'),
      details: {
        role: 'operator',
        scopes: ['operator.admin'],
        reason: 'not-paired',
        displayName: 'owner',
        from: '127.0.0.1',
        locality: 'local',
        assurance: 'same-user',
        trace: [],
      },
    })
  })

  test('a request and its approval: who, what of it, how, and why it was not let in by itself', async () => {
    const request = await fixture.request('phone', 'operator', ['operator.write'])
    const asks = [{ role: 'operator', scopes: ['operator.write'] }]
    expect(await last()).toMatchObject({ kind: 'request-filed', actor: deviceIdOf('phone'), details: { requestId: request.id, asks, reason: 'not-paired', hasCode: false, ...FAR } })
    await fixture.service.approve(owner, { requestId: request.id, digest: request.digest, scopes: ['operator.read'], expiresInMs: 60_000 })
    const granted = [{ role: 'operator', scopes: ['operator.read'] }]
    expect(await last()).toMatchObject({
      kind: 'request-approved',
      actor: deviceIdOf('owner'),
      deviceId: deviceIdOf('phone'),
      details: { requestId: request.id, digest: request.digest, asks, granted, expiresInMs: 60_000, first: null, codeTyped: false, withoutCode: false, ...FAR },
    })
  }) // prettier-ignore

  test('two approvers, by name, and that a code was not there to be typed', async () => {
    fixture = serviceFixture(store, {}, LIMITS, { codeFor: ['operator.write'], secondApproverFor: ['operator.write'] }) // prettier-ignore
    const request = await fixture.request('phone', 'operator', ['operator.write'])
    const first = await fixture.owner('first')
    const second = await fixture.request('second', 'operator', ['operator.admin'])
    await fixture.service.approve(HOST, { requestId: second.id, code: '12345678' })
    expect(await last()).toMatchObject({ actor: 'host', details: { codeTyped: false } })
    await fixture.service.approve(first, { requestId: request.id, withoutCode: true })
    expect(await last()).toMatchObject({
      kind: 'request-half-approved',
      actor: deviceIdOf('first'),
      details: { withoutCode: true, granted: request.asks, ...FAR },
    })
    const by = { ...(await fixture.owner('second')), silentHonoured: false } as Authority
    await fixture.service.approve(by, { requestId: request.id, withoutCode: true })
    expect(await last()).toMatchObject({
      kind: 'request-approved',
      actor: deviceIdOf('second'),
      details: { first: deviceIdOf('first'), withoutCode: true },
    })
  })

  test('a rejection, an ignored key and its pardon', async () => {
    const request = await fixture.request('phone', 'operator', [])
    await fixture.service.reject(owner, request.id, 'not mine')
    expect(await last()).toMatchObject({
      kind: 'request-rejected',
      actor: deviceIdOf('owner'),
      details: { said: 'not mine', displayName: 'phone', ...FAR },
    })
    const again = await fixture.request('phone', 'operator', [])
    await fixture.service.ignore(owner, again.id)
    expect((await all()).slice(-2)).toMatchObject([
      { kind: 'device-ignored', actor: deviceIdOf('owner'), deviceId: deviceIdOf('phone') },
      { kind: 'request-rejected', actor: deviceIdOf('owner'), deviceId: deviceIdOf('phone') },
    ])
    await fixture.service.unignore(owner, deviceIdOf('phone'))
    expect(await last()).toMatchObject({ kind: 'device-unignored', actor: deviceIdOf('owner') })
  })

  test('what was taken away: a token, silent grants, a device with what it held', async () => {
    await fixture.connect('tool', 'operator', ['operator.read'])
    await fixture.service.rename(owner, deviceIdOf('tool'), 'My tool')
    await fixture.service.remove(owner, deviceIdOf('tool'))
    const held = [{ role: 'operator', scopes: ['operator.read'], via: 'silent' }]
    expect(await last()).toMatchObject({
      kind: 'device-removed',
      details: { displayName: 'tool', label: 'My tool', held, pending: null },
    })
    await fixture.connect('tool', 'operator', ['operator.read'])
    await fixture.service.revoke(owner, deviceIdOf('tool'), 'operator')
    expect(await last()).toMatchObject({
      kind: 'token-revoked',
      details: { role: 'operator', scopes: ['operator.read'] },
    })
    for (let n = 0; n < 120; n += 1) await fixture.connect(`tool ${n}`, 'operator', [])
    await fixture.service.undoSilent(HOST, 0)
    const { details } = await last()
    expect(details).toMatchObject({ grants: 121, deviceCount: 121 })
    expect((details as { devices: string[] }).devices).toHaveLength(100)
  })

  test('an old token that came back: from which network', async () => {
    const attempt = attemptOf('tool', 'operator', [], localVerdict)
    const tokens: string[] = []
    for (let n = 0; n < 3; n += 1) {
      const token = tokens.at(-1) ?? null
      const outcome = await fixture.service.connect({ ...attempt, token })
      if (outcome.kind === 'admitted' && outcome.newToken !== null) tokens.push(outcome.newToken)
      if (n === 2) await fixture.service.connect({ ...attempt, token: tokens.at(-1) ?? '' })
      else await fixture.service.rotate(owner, { deviceId: attempt.id, role: 'operator' })
    }
    const outcome = await fixture.service.connect({ ...attempt, token: tokens[0] ?? '', addressPrefix: '203.0.113.7' }) // prettier-ignore
    expect(outcome).toMatchObject({ kind: 'token-mismatch', standing: 'superseded' })
    expect(await last()).toMatchObject({
      kind: 'token-reused',
      details: { role: 'operator', fromNetwork: '203.0.113.7' },
    })
  })

  test('an invitation: who made it, who used it, from where', async () => {
    const { invite, token } = await fixture.service.invite(owner, {
      role: 'operator',
      scopes: ['operator.read'],
      label: 'for the phone',
    })
    const attempt = attemptOf('phone', 'operator', ['operator.read'], remoteVerdict)
    await fixture.service.connect({ ...attempt, bootstrapToken: token })
    expect(await last()).toMatchObject({
      kind: 'invite-used',
      actor: deviceIdOf('phone'),
      details: { inviteId: invite.id, createdBy: deviceIdOf('owner'), asks: invite.asks, ...FAR },
    })
    const other = await fixture.service.invite(owner, { role: 'node', scopes: [] })
    await fixture.service.revokeInvite(owner, other.invite.id)
    expect(await last()).toMatchObject({
      kind: 'invite-revoked',
      details: { id: other.invite.id, asks: other.invite.asks, createdBy: deviceIdOf('owner') },
    })
  })

  test('the taint of the gateway by whoever set it, who must be an admin', async () => {
    const taint = { sinceMs: 1, why: 'a probe looked local' }
    await fixture.service.putTaint(owner, taint)
    expect(await last()).toMatchObject({
      kind: 'taint-changed',
      actor: deviceIdOf('owner'),
      details: { taint },
    })
    const reader = await fixture.owner('reader', ['operator.read'])
    await expect(fixture.service.putTaint(reader, null)).rejects.toMatchObject({ code: 'FORBIDDEN' })
    await fixture.service.putTaint(owner, null)
    expect(await last()).toMatchObject({ kind: 'taint-changed', details: { taint: null } })
  })

  test('the opening of the window', async () => {
    await fixture.service.openWindow(60_000)
    expect(await last()).toMatchObject({
      kind: 'window-opened',
      actor: 'host',
      details: { durationMs: 60_000 },
    })
  })

  test('ten thousand strangers write no more than their budget, and the next hour says what was left out', async () => {
    const before = (await all()).length
    const { nowMs } = fixture.clock
    await store.transaction(async (tx) => {
      const trail = auditTrail(tx, nowMs, null, 500)
      for (let n = 0; n < 10_000; n += 1) await trail.recordWithinBudget('request-filed', `${n}`, null, {})
    })
    expect((await all()).length - before).toBe(500)
    // Nor do real requests, and a restart starts no new hour.
    fixture = serviceFixture(store)
    const request = await fixture.request('one more', 'operator', [])
    expect((await all()).length - before).toBe(500)
    // What the owner does is recorded all the same.
    await fixture.service.reject(owner, request.id)
    expect(await last()).toMatchObject({ kind: 'request-rejected' })

    fixture.clock.nowMs += HOUR_MS
    await fixture.service.sweep()
    expect(await last()).toMatchObject({
      kind: 'requests-not-recorded',
      actor: 'gateway',
      details: { count: 9501 },
    })
    await fixture.service.sweep()
    await fixture.request('the next hour', 'operator', [])
    expect((await all()).slice(-2).map(({ kind }) => kind)).toEqual([
      'requests-not-recorded',
      'request-filed',
    ])
  })

  test('requests of strangers count against it', async () => {
    await store.transaction((tx) =>
      tx.putSetting(
        'audit-budget',
        JSON.stringify({ startedAtMs: fixture.clock.nowMs, spent: 498, leftOut: 0 }),
      ),
    )
    for (let n = 0; n < 5; n += 1) await fixture.request(`stranger ${n}`, 'operator', [])
    expect((await all()).filter(({ kind }) => kind === 'request-filed')).toHaveLength(2)
  })
})
