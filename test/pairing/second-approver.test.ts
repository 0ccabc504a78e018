import { expect, test } from '@jest/globals'
import { approvedOwner, HOST, onEachStore, refusal, SHARED_SECRET } from './on-each-store.ts'
import { attemptOf } from './service-fixture.ts'
import { remoteVerdict } from './verdicts.ts'

onEachStore(
  'what two approvers have to agree on',
  { approval: { secondApproverFor: ['operator.admin'] } },
  (bench) => {
    const risky = async (): Promise<string> =>
      (await bench.fixture.request('phone', 'operator', ['operator.admin'])).id
    const approve = (...args: Parameters<typeof bench.fixture.service.approve>) =>
      bench.fixture.service.approve(...args)

    test('is granted with the second, and says who the first was', async () => {
      const first = await bench.fixture.owner('first')
      const second = await approvedOwner(bench.fixture, 'second')
      const requestId = await risky()
      expect(await approve(first, { requestId })).toMatchObject({
        kind: 'half-approved',
        request: { state: 'pending', approvals: [{ by: first.deviceId }] },
      })
      expect(await bench.grantsOf('phone')).toEqual([])
      expect(await approve(second, { requestId })).toMatchObject({ kind: 'approved' })
      expect(await bench.grantsOf('phone')).toMatchObject([{ approvedBy: second.deviceId }])
      const entry = (await bench.audit()).at(-1)
      expect(JSON.parse(entry?.details ?? '')).toMatchObject({ first: first.deviceId })
    })

    test('is not granted by the same approver twice', async () => {
      const owner = await approvedOwner(bench.fixture, 'owner')
      const requestId = await risky()
      for (let i = 0; i < 3; i += 1)
        expect(await approve(owner, { requestId })).toMatchObject({ kind: 'half-approved' })
      expect(await bench.grantsOf('phone')).toEqual([])
    })

    test('is not granted by the shared secret twice, and by it and a silent device neither', async () => {
      const silent = await bench.fixture.owner('silent')
      const requestId = await risky()
      for (let i = 0; i < 2; i += 1)
        expect(await approve(SHARED_SECRET, { requestId })).toMatchObject({ kind: 'half-approved' })
      await expect(approve(silent, { requestId })).rejects.toEqual(
        refusal('FORBIDDEN', { code: 'SECOND_APPROVER_SILENT' }),
      )
      expect(await bench.grantsOf('phone')).toEqual([])
      const owner = await approvedOwner(bench.fixture, 'owner')
      expect(await approve(owner, { requestId })).toMatchObject({ kind: 'approved' })
    })

    test('is not granted by two that were both paired silently', async () => {
      const requestId = await risky()
      await approve(await bench.fixture.owner('one'), { requestId })
      await expect(approve(await bench.fixture.owner('two'), { requestId })).rejects.toEqual(
        refusal('FORBIDDEN', { code: 'SECOND_APPROVER_SILENT' }),
      )
      expect(await bench.grantsOf('phone')).toEqual([])
    })

    test('an approved device that is admin only silently counts as silent', async () => {
      const half = await approvedOwner(bench.fixture, 'half', ['operator.read'])
      await bench.fixture.connect('half', 'operator', ['operator.admin'])
      const requestId = await risky()
      await approve(await bench.fixture.owner('one'), { requestId })
      await expect(
        approve({ ...half, scopes: ['operator.admin'], silentHonoured: true }, { requestId }),
      ).rejects.toEqual(refusal('FORBIDDEN', { code: 'SECOND_APPROVER_SILENT' }))
    })

    test.each<[string, (id: string) => Promise<unknown>]>([
      ['was removed', (id) => bench.fixture.service.remove(HOST, id)],
      ['was cut down', (id) => bench.fixture.service.rotate(HOST, { deviceId: id, role: 'operator', scopes: ['operator.read'] })], // prettier-ignore
      ['had its token revoked', (id) => bench.fixture.service.revoke(HOST, id, 'operator')],
    ])('the first approval does not count once its approver %s', async (_what, demote) => {
      const first = await approvedOwner(bench.fixture, 'first')
      const second = await approvedOwner(bench.fixture, 'second')
      const third = await approvedOwner(bench.fixture, 'third')
      const requestId = await risky()
      await approve(first, { requestId })
      await demote(first.deviceId)
      expect(await approve(second, { requestId })).toMatchObject({
        kind: 'half-approved',
        request: { approvals: [{ by: second.deviceId }] },
      })
      expect(await bench.grantsOf('phone')).toEqual([])
      expect(await approve(third, { requestId })).toMatchObject({ kind: 'approved' })
    })

    test('the first approval does not count once what its approver held has ended', async () => {
      const { id } = await bench.fixture.request('first', 'operator', ['operator.admin'])
      await approve(HOST, { requestId: id, expiresInMs: 60_000 })
      const first = { ...(await bench.fixture.owner('first')), silentHonoured: false }
      const second = await approvedOwner(bench.fixture, 'second')
      const requestId = await risky()
      await approve(first, { requestId })
      bench.fixture.clock.nowMs += 60_000
      expect(await approve(second, { requestId })).toMatchObject({
        kind: 'half-approved',
        request: { approvals: [{ by: second.deviceId }] },
      })
      expect(await bench.grantsOf('phone')).toEqual([])
    })

    test('a silent first approval does not count once the silent grants are undone', async () => {
      const first = await bench.fixture.owner('first')
      const second = await approvedOwner(bench.fixture, 'second')
      const requestId = await risky()
      await approve(first, { requestId })
      await bench.fixture.service.undoSilent(second, 0)
      expect(await approve(second, { requestId })).toMatchObject({ kind: 'half-approved' })
    })

    test.each([
      ['less', { scopes: ['operator.admin'], roles: ['operator'] }],
      ['for a time', { expiresInMs: 60_000 }],
    ])('both have to approve the same: not %s by one', async (_what, different) => {
      await bench.fixture.request('phone', 'node', ['camera.snap'])
      const requestId = await risky()
      const first = await approvedOwner(bench.fixture, 'first', ['operator.admin', 'camera.snap'])
      const second = await approvedOwner(bench.fixture, 'second', ['operator.admin', 'camera.snap'])
      await approve(first, { requestId })
      await expect(approve(second, { requestId, ...different })).rejects.toEqual(
        refusal('INVALID_REQUEST', { code: 'APPROVALS_DIFFER' }),
      )
      expect(await bench.grantsOf('phone')).toEqual([])
      await approve(first, { requestId, ...different })
      expect(await approve(second, { requestId, ...different })).toMatchObject({ kind: 'approved' })
    })

    test('a part that is not risky needs one', async () => {
      const owner = await bench.fixture.owner('owner')
      const requestId = await risky()
      expect(await approve(owner, { requestId, scopes: ['operator.read'] })).toMatchObject({
        kind: 'approved',
      })
    })

    test('the first approval is not carried over to a wider request', async () => {
      const first = await approvedOwner(bench.fixture, 'first')
      const second = await approvedOwner(bench.fixture, 'second')
      await approve(first, { requestId: await risky() })
      const wider = await bench.fixture.request('phone', 'node', [])
      expect(wider.approvals).toEqual([])
      expect(await approve(second, { requestId: wider.id })).toMatchObject({ kind: 'half-approved' })
    })

    test('a covered retry keeps the first approval', async () => {
      const first = await approvedOwner(bench.fixture, 'first')
      const requestId = await risky()
      await approve(first, { requestId })
      bench.fixture.clock.nowMs += 60_000
      expect(await bench.fixture.request('phone', 'operator', ['operator.read'])).toMatchObject({
        id: requestId,
        approvals: [{ by: first.deviceId }],
      })
    })

    test('is not given by an invitation of one approver, and the program may give it alone', async () => {
      const owner = await approvedOwner(bench.fixture, 'owner')
      const ask = { role: 'operator', scopes: ['operator.admin'] }
      for (const authority of [owner, SHARED_SECRET])
        await expect(bench.fixture.service.invite(authority, ask)).rejects.toEqual(
          refusal('FORBIDDEN', { code: 'SECOND_APPROVER_REQUIRED' }),
        )
      await bench.fixture.service.invite(HOST, ask)
      await approve(HOST, { requestId: await risky() })
      expect(await bench.grantsOf('phone')).toHaveLength(1)
    })

    test('is not given by an invitation from before the rule', async () => {
      const lax = bench.restarted({})
      const owner = await approvedOwner(lax, 'owner')
      const { token } = await lax.service.invite(owner, { role: 'operator', scopes: ['operator.admin'] })
      const attempt = attemptOf('guest', 'operator', ['operator.admin'], remoteVerdict)
      expect(await bench.fixture.service.connect({ ...attempt, bootstrapToken: token })).toEqual({
        kind: 'invite-invalid',
      })
    })
  },
)
