import { expect, test } from '@jest/globals'
import { HOST, onEachStore } from './on-each-store.ts'
import { deviceIdOf } from './service-fixture.ts'
import { remoteVerdict } from './verdicts.ts'

onEachStore('an approval for a time', {}, (bench) => {
  const approveFor = async (scopes: string[], expiresInMs?: number): Promise<void> => {
    const { id: requestId } = await bench.fixture.request('phone', 'operator', scopes)
    await bench.fixture.service.approve(HOST, { requestId, expiresInMs })
  }
  const connect = (scopes: string[]) => bench.fixture.connect('phone', 'operator', scopes, remoteVerdict)

  test('lets the device in until then and not a millisecond longer', async () => {
    const { clock } = bench.fixture
    await approveFor(['operator.read'], 60_000)
    const endsAtMs = clock.nowMs + 60_000
    expect(await connect(['operator.read'])).toMatchObject({ kind: 'admitted', untilMs: endsAtMs })
    clock.nowMs = endsAtMs - 1
    expect(await connect(['operator.read'])).toMatchObject({ kind: 'admitted', untilMs: endsAtMs })
    clock.nowMs = endsAtMs
    expect(await connect(['operator.read'])).toMatchObject({ kind: 'waiting', reason: 'not-paired' })
  })

  test('gives an approver no authority after its end', async () => {
    const { clock, service } = bench.fixture
    await approveFor(['operator.admin'], 60_000)
    const phone = { ...(await bench.fixture.owner('phone')), silentHonoured: false }
    const { id: requestId } = await bench.fixture.request('other', 'operator', [])
    clock.nowMs += 60_000
    await expect(service.approve(phone, { requestId })).rejects.toMatchObject({ code: 'FORBIDDEN' })
  })

  test('ends alone: what was approved for good stays, and so does its connection', async () => {
    const { clock } = bench.fixture
    await approveFor(['operator.read'])
    await approveFor(['operator.write'], 60_000)
    expect(await connect(['operator.read'])).toMatchObject({ kind: 'admitted', untilMs: null })
    expect(await connect(['operator.write'])).toMatchObject({ untilMs: clock.nowMs + 60_000 })
    clock.nowMs += 60_000
    expect(await connect(['operator.read'])).toMatchObject({ kind: 'admitted', untilMs: null })
    expect(await connect(['operator.write'])).toMatchObject({ kind: 'waiting', reason: 'scope-upgrade' })
  })

  test('with two ends lasts until the first without which it does not reach', async () => {
    const { clock } = bench.fixture
    await approveFor(['a.one'], 60_000)
    await approveFor(['b.two'], 90_000)
    expect(await connect(['a.one', 'b.two'])).toMatchObject({ untilMs: clock.nowMs + 60_000 })
    expect(await connect(['b.two'])).toMatchObject({ untilMs: clock.nowMs + 90_000 })
  })

  test('is not prolonged by repeating the decision', async () => {
    const { clock, service, request } = bench.fixture
    const { id: requestId, digest } = await request('phone', 'operator', [])
    await service.approve(HOST, { requestId, digest, expiresInMs: 60_000 })
    clock.nowMs += 30_000
    await service.approve(HOST, { requestId, digest, expiresInMs: 60_000 })
    clock.nowMs += 30_000
    expect(await connect([])).toMatchObject({ kind: 'waiting' })
    expect(await bench.grantsOf('phone')).toHaveLength(1)
  })

  test('leaves a token when it ends, which can be revoked still, once', async () => {
    const { clock, service } = bench.fixture
    await approveFor(['operator.read'], 60_000)
    await connect(['operator.read'])
    clock.nowMs += 60_000
    const revokedAtMs = clock.nowMs
    for (let i = 0; i < 2; i += 1) {
      expect(await service.revoke(HOST, deviceIdOf('phone'), 'operator')).toBe(revokedAtMs)
      clock.nowMs += 1
    }
    expect(await bench.store.transaction((tx) => tx.tokens(deviceIdOf('phone')))).toMatchObject([
      { revokedAtMs },
    ])
    expect(bench.fixture.events.at(-1)).toMatchObject({ kind: 'revoked', why: 'token revoked' })
    const revocations = (await bench.audit()).filter(({ kind }) => kind === 'token-revoked')
    expect(revocations.map(({ details }) => JSON.parse(details) as unknown)).toEqual([
      { role: 'operator', scopes: [] },
    ])
  })
})
