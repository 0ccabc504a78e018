import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Authentication } from '../../lib/pairing/authenticate.ts'
import type { LocalityVerdict } from '../../lib/locality/index.ts'
import { attemptOf, deviceIdOf, serviceFixture, STORES, type Fixture } from './service-fixture.ts'
import { localVerdict, remoteVerdict } from './verdicts.ts'

describe.each(STORES)('a call over HTTP, on %s', (_name, open) => {
  let fixture: Fixture
  let remove: () => void
  beforeEach(async () => {
    const opened = await open()
    fixture = serviceFixture(opened.store)
    remove = opened.remove
  })
  afterEach(async () => {
    await fixture.store.close()
    remove()
  })

  async function tokenOf(device: string, role: string, scopes: string[]): Promise<string> {
    const outcome = await fixture.connect(device, role, scopes)
    if (outcome.kind !== 'admitted' || outcome.newToken === null) throw new Error(outcome.kind)
    return outcome.newToken
  }
  const call = (device: string, token: string, verdict: LocalityVerdict | null): Promise<Authentication> =>
    fixture.service.authenticate({
      deviceId: deviceIdOf(device),
      token,
      addressPrefix: '192.0.2.1',
      verdict,
    })

  test('has of silent grants what a local client may have, and asks where it is before', async () => {
    const token = await tokenOf('d', 'operator', ['operator.write'])
    expect(await call('d', token, null)).toEqual({ kind: 'needs-locality' })
    expect(await call('d', token, remoteVerdict)).toEqual({ kind: 'nothing-held', role: 'operator' })
    expect(await call('d', token, localVerdict)).toMatchObject({
      authority: { scopes: ['operator.write'], silentHonoured: true },
    })
  })

  test('has what the owner approved from anywhere, and the silent rest from here', async () => {
    const owner = await fixture.owner()
    const token = await tokenOf('d', 'operator', ['operator.write'])
    const request = await fixture.request('d', 'operator', ['operator.read'])
    await fixture.service.approve(owner, { requestId: request.id })
    expect(await call('d', token, remoteVerdict)).toMatchObject({
      authority: { scopes: ['operator.read'], silentHonoured: false },
    })
    expect(await call('d', token, localVerdict)).toMatchObject({
      authority: { scopes: ['operator.read', 'operator.write'], silentHonoured: true },
    })
  })

  test('on what the owner approved is not asked where it is, and silent grants count for none of it', async () => {
    const owner = await fixture.owner()
    const request = await fixture.request('d', 'operator', ['operator.write'])
    await fixture.service.approve(owner, { requestId: request.id })
    const token = await tokenOf('d', 'operator', ['operator.read'])
    for (const verdict of [null, remoteVerdict, localVerdict])
      expect(await call('d', token, verdict)).toMatchObject({
        kind: 'authenticated',
        authority: { scopes: ['operator.write'], silentHonoured: false },
      })
    // What it holds silently in another role is none of this one's.
    await fixture.connect('d', 'node', ['camera.snap'])
    expect(await call('d', token, null)).toMatchObject({ authority: { scopes: ['operator.write'] } })
  })

  test('of one that holds nothing is told so without being asked where it is', async () => {
    const token = await tokenOf('d', 'operator', [])
    await fixture.service.undoSilent({ kind: 'host', name: 'host' }, 0)
    expect(await call('d', token, null)).toEqual({ kind: 'nothing-held', role: 'operator' })
  })

  test('has no authority of a grant that has ended', async () => {
    const owner = await fixture.owner()
    const request = await fixture.request('d', 'operator', [])
    await fixture.service.approve(owner, { requestId: request.id, expiresInMs: 1000 })
    const token = await tokenOf('d', 'operator', [])
    fixture.clock.nowMs += 1000
    expect(await call('d', token, localVerdict)).toEqual({ kind: 'nothing-held', role: 'operator' })
  })

  test('notes the use of its token once a minute', async () => {
    const token = await tokenOf('d', 'operator', [])
    const used = async () =>
      (await fixture.store.transaction((tx) => tx.tokens(deviceIdOf('d'))))[0]?.lastUsedAtMs
    expect(await used()).toBeNull()
    await call('d', token, localVerdict)
    const first = fixture.clock.nowMs
    expect(await used()).toBe(first)
    fixture.clock.nowMs += 59_999
    await call('d', token, localVerdict)
    expect(await used()).toBe(first)
    fixture.clock.nowMs += 1
    await call('d', token, localVerdict)
    expect(await used()).toBe(first + 60_000)
  })

  test('is in the role of its token, whatever else the device holds', async () => {
    const token = await tokenOf('d', 'node', [])
    const other = await tokenOf('d', 'operator', ['operator.admin'])
    expect(await call('d', token, localVerdict)).toMatchObject({ authority: { role: 'node', scopes: [] } })
    expect(await call('d', other, localVerdict)).toMatchObject({ authority: { role: 'operator' } })
  })

  test('with a token that is another device’s, or none at all, is refused', async () => {
    const token = await tokenOf('d', 'operator', [])
    await tokenOf('e', 'operator', [])
    for (const [device, given] of [['e', token], ['d', `${token}x`], ['nobody', token], ['d', '']] as const)
      expect(await call(device, given, localVerdict)).toEqual({ kind: 'token-refused', standing: 'unknown' })
  }) // prettier-ignore

  test('with a token that was replaced ends all of its role, in the same commit', async () => {
    const token = await tokenOf('d', 'operator', ['operator.admin'])
    const self = { kind: 'device', deviceId: deviceIdOf('d'), role: 'operator', scopes: ['operator.admin'], silentHonoured: true } as const // prettier-ignore
    const rotated = await fixture.service.rotate(self, { deviceId: deviceIdOf('d'), role: 'operator' })
    // The old one is good until the new one was used.
    expect(await call('d', token, localVerdict)).toMatchObject({ kind: 'authenticated' })
    expect(await call('d', rotated.token ?? '', localVerdict)).toMatchObject({ kind: 'authenticated' })
    expect(await call('d', token, localVerdict)).toEqual({ kind: 'token-refused', standing: 'superseded' })
    expect(fixture.events.at(-1)).toMatchObject({ kind: 'revoked', role: 'operator', why: 'token reused' })
    expect(await fixture.store.transaction((tx) => tx.grants(deviceIdOf('d')))).toEqual([])
    expect(await call('d', rotated.token ?? '', localVerdict)).toMatchObject({ standing: 'revoked' })
    await expect(fixture.service.listPending(self, { limit: 1 })).rejects.toMatchObject({ code: 'FORBIDDEN' })
  })

  test('is noted once a minute', async () => {
    const token = await tokenOf('d', 'operator', [])
    const seen = async () =>
      (await fixture.store.transaction((tx) => tx.device(deviceIdOf('d'))))?.lastSeenAtMs
    const first = await seen()
    fixture.clock.nowMs += 59_999
    await call('d', token, localVerdict)
    expect(await seen()).toBe(first)
    fixture.clock.nowMs += 1
    await call('d', token, localVerdict)
    expect(await seen()).toBe(fixture.clock.nowMs)
  })

  test('under a condition that fails changes nothing, and sees what is there in its own transaction', async () => {
    const owner = await fixture.owner()
    await fixture.service.connect(attemptOf('d', 'operator', [], localVerdict))
    const id = deviceIdOf('d')
    const labels: (string | null)[] = []
    const unnamed = fixture.service.onlyIf(async (now) => {
      const { device } = await now.device(owner, id)
      labels.push(device.label)
      if (device.label !== null) throw new RangeError('named already')
    })
    const both = await Promise.allSettled([
      unnamed.rename(owner, id, 'one'),
      unnamed.rename(owner, id, 'two'),
    ])
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect(labels).toEqual([null, 'one'])
    expect((await fixture.service.device(owner, id)).device.label).toBe('one')
  })

  test('without a key is a silent approver, of whom two are not enough', async () => {
    const { store } = fixture
    const strict = serviceFixture(store, {}, undefined, { secondApproverFor: ['operator.write'] })
    const request = await strict.request('d', 'operator', ['operator.write'])
    const local = { kind: 'local', scopes: ['operator.admin'] } as const
    const half = await strict.service.approve(local, { requestId: request.id })
    expect(half).toMatchObject({ kind: 'half-approved', request: { approvals: [{ by: 'local' }] } })
    const secret = { kind: 'shared-secret', scopes: ['operator.admin'] } as const
    await expect(strict.service.approve(secret, { requestId: request.id })).rejects.toMatchObject({
      details: { code: 'SECOND_APPROVER_SILENT' },
    })
    const host = { kind: 'host', name: 'host' } as const
    expect((await strict.service.approve(host, { requestId: request.id })).kind).toBe('approved')
  })
})
