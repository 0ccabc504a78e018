import { expect, test } from '@jest/globals'
import { HOST, onEachStore, refusal, requestWithCode, SHARED_SECRET } from './on-each-store.ts'
import { deviceIdOf } from './service-fixture.ts'

const CODE = '4821-0937'
const WRONG = '0000-0000'

onEachStore('the code that a device shows', { approval: { codeFor: ['operator.admin'] } }, (bench) => {
  const approve = (...args: Parameters<typeof bench.fixture.service.approve>) =>
    bench.fixture.service.approve(...args)
  const stateOf = async (id: string): Promise<unknown> =>
    (await bench.store.transaction((tx) => tx.request(id)))?.state

  test('has to be typed for a risky scope', async () => {
    const owner = await bench.fixture.owner()
    const { id: requestId } = await requestWithCode(bench.fixture, 'phone', ['operator.admin'])
    for (const withoutCode of [undefined, true])
      await expect(approve(owner, { requestId, withoutCode })).rejects.toEqual(
        refusal('INVALID_REQUEST', { code: 'CODE_REQUIRED' }),
      )
    await expect(approve(SHARED_SECRET, { requestId })).rejects.toEqual(
      refusal('INVALID_REQUEST', { code: 'CODE_REQUIRED' }),
    )
    expect(await bench.grantsOf('phone')).toEqual([])
    expect(await approve(owner, { requestId, code: CODE })).toMatchObject({ kind: 'approved' })
    expect(JSON.parse((await bench.audit()).at(-1)?.details ?? '')).toMatchObject({ codeTyped: true })
  })

  test('need not be typed for another scope, but is held against the request when it is', async () => {
    const owner = await bench.fixture.owner()
    const { id: requestId } = await requestWithCode(bench.fixture, 'phone', ['operator.read'])
    await expect(approve(owner, { requestId, code: WRONG })).rejects.toEqual(
      refusal('FORBIDDEN', { code: 'WRONG_CODE', attemptsLeft: 2 }),
    )
    expect(await approve(owner, { requestId })).toMatchObject({ kind: 'approved' })
  })

  test('need not be typed for the harmless part of a risky request', async () => {
    const owner = await bench.fixture.owner()
    const { id: requestId } = await requestWithCode(bench.fixture, 'phone', ['operator.admin'])
    expect(await approve(owner, { requestId, scopes: ['operator.read'] })).toMatchObject({ kind: 'approved' })
  })

  test('typed wrong three times ends the request: by anybody, over restarts, whatever comes next', async () => {
    const owner = await bench.fixture.owner()
    const { id: requestId } = await requestWithCode(bench.fixture, 'phone', ['operator.admin'])
    const other = await bench.fixture.owner('other')
    await expect(approve(owner, { requestId, code: WRONG })).rejects.toEqual(
      refusal('FORBIDDEN', { attemptsLeft: 2 }),
    )
    await expect(approve(other, { requestId, code: WRONG })).rejects.toEqual(
      refusal('FORBIDDEN', { attemptsLeft: 1 }),
    )
    const { service } = bench.restarted()
    await expect(service.approve(owner, { requestId, code: WRONG })).rejects.toEqual(
      refusal('FORBIDDEN', { attemptsLeft: 0 }),
    )
    expect(await stateOf(requestId)).toBe('rejected')
    await expect(service.approve(owner, { requestId, code: CODE })).rejects.toEqual(
      refusal('INVALID_REQUEST', { code: 'REQUEST_SETTLED' }),
    )
    expect(await bench.grantsOf('phone')).toEqual([])
    const kinds = (await bench.audit()).map((entry) => entry.kind)
    expect(kinds.filter((kind) => kind === 'request-code-wrong')).toHaveLength(3)
  })

  test('typed wrong is counted on through covered retries of the device', async () => {
    const owner = await bench.fixture.owner()
    const { id: requestId } = await requestWithCode(bench.fixture, 'phone', ['operator.admin'])
    await expect(approve(owner, { requestId, code: WRONG })).rejects.toThrow()
    bench.fixture.clock.nowMs += 60_000
    const again = await requestWithCode(bench.fixture, 'phone', ['operator.admin'], '1111-1111')
    expect(again).toMatchObject({ id: requestId, codeFailures: 1, verification: { code: CODE } })
  })

  test('typed wrong is recorded: by whom, for which request, how often it may be still', async () => {
    const owner = await bench.fixture.owner()
    const { id: requestId } = await requestWithCode(bench.fixture, 'phone', ['operator.admin'])
    for (const by of [owner, SHARED_SECRET])
      await expect(approve(by, { requestId, code: WRONG })).rejects.toThrow()
    const entries = (await bench.audit()).filter(({ kind }) => kind === 'request-code-wrong')
    expect(
      entries.map(({ actor, deviceId, details }) => [actor, deviceId, JSON.parse(details) as unknown]),
    ).toEqual([
      [owner.deviceId, deviceIdOf('phone'), { requestId, attemptsLeft: 2 }],
      ['shared-secret', deviceIdOf('phone'), { requestId, attemptsLeft: 1 }],
    ])
  })

  test('is there or not, as the log says from the first', async () => {
    const hasCode = async (): Promise<unknown> => JSON.parse((await bench.audit()).at(-1)?.details ?? '')
    await requestWithCode(bench.fixture, 'phone', [])
    expect(await hasCode()).toMatchObject({ hasCode: true })
    await bench.fixture.request('older', 'operator', [])
    expect(await hasCode()).toMatchObject({ hasCode: false })
  })

  test('tells the owner when the third wrong one has ended the request', async () => {
    const owner = await bench.fixture.owner()
    const { id: requestId } = await requestWithCode(bench.fixture, 'phone', ['operator.admin'])
    for (let i = 0; i < 3; i += 1) await expect(approve(owner, { requestId, code: WRONG })).rejects.toThrow()
    expect(bench.fixture.events.at(-1)).toMatchObject({ kind: 'resolved', decision: 'rejected' })
  })

  test('of another request is wrong', async () => {
    const owner = await bench.fixture.owner()
    const phone = await requestWithCode(bench.fixture, 'phone', ['operator.admin'], '1234-5678')
    await requestWithCode(bench.fixture, 'tablet', ['operator.admin'], CODE)
    await expect(approve(owner, { requestId: phone.id, code: CODE })).rejects.toEqual(
      refusal('FORBIDDEN', { code: 'WRONG_CODE' }),
    )
  })

  test('of the request before is wrong once the device has asked for more', async () => {
    const owner = await bench.fixture.owner('owner', ['operator.admin', 'photos.read'])
    await requestWithCode(bench.fixture, 'phone', ['operator.admin'], CODE)
    const wider = await requestWithCode(
      bench.fixture,
      'phone',
      ['operator.admin', 'photos.read'],
      '1234-5678',
    )
    await expect(approve(owner, { requestId: wider.id, code: CODE })).rejects.toEqual(
      refusal('FORBIDDEN', { code: 'WRONG_CODE' }),
    )
    expect(await approve(owner, { requestId: wider.id, code: '1234-5678' })).toMatchObject({
      kind: 'approved',
    })
  })

  test('is missing on an older client: then somebody has to say that this is known', async () => {
    const owner = await bench.fixture.owner()
    const { id: requestId } = await bench.fixture.request('phone', 'operator', ['operator.admin'])
    for (const decision of [{}, { code: CODE }, { code: CODE, withoutCode: true }])
      await expect(approve(owner, { requestId, ...decision })).rejects.toEqual(
        refusal('FORBIDDEN', { code: 'CODE_MISSING' }),
      )
    expect(await approve(owner, { requestId, withoutCode: true })).toMatchObject({ kind: 'approved' })
  })

  test('that was typed is what the log says, whatever else was said', async () => {
    const owner = await bench.fixture.owner()
    const { id: requestId } = await requestWithCode(bench.fixture, 'phone', ['operator.admin'])
    await approve(owner, { requestId, code: CODE, withoutCode: true })
    const details: unknown = JSON.parse((await bench.audit()).at(-1)?.details ?? '')
    expect(details).toMatchObject({ codeTyped: true, withoutCode: false })
    const other = await requestWithCode(bench.fixture, 'tablet', ['operator.read'])
    await approve(owner, { requestId: other.id, withoutCode: true })
    expect(JSON.parse((await bench.audit()).at(-1)?.details ?? '')).toMatchObject({ codeTyped: false, withoutCode: true }) // prettier-ignore
  })

  test('is not asked of the program itself', async () => {
    const { id: requestId } = await requestWithCode(bench.fixture, 'phone', ['operator.admin'])
    expect(await approve(HOST, { requestId })).toMatchObject({ kind: 'approved' })
  })

  test('is in no entry of the audit log', async () => {
    const owner = await bench.fixture.owner()
    const { id: requestId } = await requestWithCode(bench.fixture, 'phone', ['operator.admin'])
    await expect(approve(owner, { requestId, code: WRONG })).rejects.toThrow()
    await approve(owner, { requestId, code: CODE })
    const log = JSON.stringify(await bench.audit())
    expect(log).not.toContain(CODE)
    expect(log).not.toContain(WRONG)
  })
})
