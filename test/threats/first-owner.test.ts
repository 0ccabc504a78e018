import { expect, test } from '@jest/globals'
import { approvedOwner, HOST, onEachStore } from '../pairing/on-each-store.ts'
import { attemptOf, deviceIdOf } from '../pairing/service-fixture.ts'
import { remoteVerdict } from '../pairing/verdicts.ts'

const FIRST = { role: 'operator', scopes: ['operator.admin'], isFirstOwner: true }
const ADMIN = ['operator.admin']

onEachStore('threat 20: the first owner', {}, (bench) => {
  const use = (device: string, bootstrapToken: string | null) =>
    bench.fixture.service.connect({ ...attemptOf(device, 'operator', ADMIN, remoteVerdict), bootstrapToken })

  test('is not whoever comes first from elsewhere, however often and with whatever it sends', async () => {
    for (const token of [null, '', 'x', 'A'.repeat(43), deviceIdOf('first')])
      expect((await use('stranger', token)).kind).not.toBe('admitted')
    expect(await bench.grantsOf('stranger')).toEqual([])
    expect(await bench.store.transaction((tx) => tx.hasOwnerGrants())).toBe(false)
  })

  test('cannot be made by its own first request, approved by itself', async () => {
    const request = await bench.fixture.request('stranger', 'operator', ADMIN)
    const itself = { kind: 'device', deviceId: request.deviceId, role: 'operator', scopes: ADMIN, silentHonoured: true } as const // prettier-ignore
    await expect(bench.fixture.service.approve(itself, { requestId: request.id })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    })
  })

  test('is who brings the link that was made on the host: once, and in its time', async () => {
    const late = await bench.fixture.service.invite(HOST, { ...FIRST, ttlMs: 1000 })
    bench.fixture.clock.nowMs += 1000
    expect(await use('late', late.token)).toEqual({ kind: 'invite-invalid' })
    const link = await bench.fixture.service.invite(HOST, FIRST)
    const spare = await bench.fixture.service.invite(HOST, FIRST)
    expect(await use('owner', link.token)).toMatchObject({ kind: 'admitted' })
    for (const token of [link.token, spare.token])
      expect(await use('stranger', token)).toEqual({ kind: 'invite-invalid' })
    await expect(bench.fixture.service.invite(HOST, FIRST)).rejects.toMatchObject({
      details: { code: 'OWNER_EXISTS' },
    })
  })

  test('is not made by a link from before an owner approved anybody', async () => {
    const link = await bench.fixture.service.invite(HOST, FIRST)
    await approvedOwner(bench.fixture, 'phone', ['operator.read'])
    expect(await use('stranger', link.token)).toEqual({ kind: 'invite-invalid' })
  })
})
