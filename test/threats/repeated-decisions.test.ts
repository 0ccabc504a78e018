import { expect, test } from '@jest/globals'
import { HOST, onEachStore, refusal, requestWithCode } from '../pairing/on-each-store.ts'
import { deviceIdOf } from '../pairing/service-fixture.ts'

const APPROVAL = { codeFor: ['operator.admin'] }

onEachStore('threat 10: a decision whose answer was lost', { approval: APPROVAL }, (bench) => {
  const audit = async (kind: string): Promise<number> =>
    (await bench.audit()).filter((entry) => entry.kind === kind).length

  test('approve is answered again after a restart, and decides nothing anew', async () => {
    const { id: requestId, digest } = await requestWithCode(bench.fixture, 'phone', ['operator.admin'])
    const owner = await bench.fixture.owner()
    const decision = { requestId, digest, code: '4821-0937', expiresInMs: 600_000 }
    const first = await bench.fixture.service.approve(owner, decision)
    bench.fixture.clock.nowMs += 60_000
    const { service } = bench.restarted()
    for (let i = 0; i < 3; i += 1) expect(await service.approve(owner, decision)).toEqual(first)
    expect(await bench.grantsOf('phone')).toHaveLength(1)
    expect(await audit('request-approved')).toBe(1)
    await expect(service.reject(owner, requestId)).rejects.toEqual(refusal('INVALID_REQUEST'))
    await expect(service.approve(owner, { ...decision, digest: 'f'.repeat(64) })).rejects.toEqual(
      refusal('REQUEST_SUPERSEDED'),
    )
  })

  test('approve is not answered to somebody who could not have made it', async () => {
    const { id: requestId } = await bench.fixture.request('phone', 'operator', ['operator.read'])
    await bench.fixture.service.approve(HOST, { requestId })
    const other = await bench.fixture.owner('other', ['operator.pairing'])
    await expect(bench.fixture.service.approve(other, { requestId })).rejects.toEqual(refusal('FORBIDDEN'))
    const phone = { ...(await bench.fixture.owner('phone')), silentHonoured: true }
    await expect(bench.fixture.service.approve(phone, { requestId })).rejects.toEqual(
      refusal('FORBIDDEN', { code: 'SELF_APPROVAL' }),
    )
  })

  test('approve does not bring a removed device back', async () => {
    const { id: requestId } = await bench.fixture.request('phone', 'operator', [])
    await bench.fixture.service.approve(HOST, { requestId })
    await bench.fixture.service.remove(HOST, deviceIdOf('phone'))
    await expect(bench.fixture.service.approve(HOST, { requestId })).rejects.toEqual(refusal('NOT_FOUND'))
    expect(await bench.grantsOf('phone')).toEqual([])
  })

  test('reject, revoke and ignore are answered again, and recorded once', async () => {
    const one = await bench.fixture.request('one', 'operator', [])
    const first = await bench.fixture.service.reject(HOST, one.id, 'no')
    expect(await bench.restarted().service.reject(HOST, one.id, 'no')).toEqual(first)
    expect(await audit('request-rejected')).toBe(1)
    await bench.fixture.connect('tool', 'operator', [])
    const at = await bench.fixture.service.revoke(HOST, deviceIdOf('tool'), 'operator')
    expect(await bench.restarted().service.revoke(HOST, deviceIdOf('tool'), 'operator')).toBe(at)
    expect(await audit('token-revoked')).toBe(1)
    await bench.fixture.service.ignore(HOST, one.id)
    await bench.fixture.service.ignore(HOST, one.id)
    expect(await audit('device-ignored')).toBe(1)
  })
})
