import { expect, test } from '@jest/globals'
import { HOST, onEachStore, refusal } from './on-each-store.ts'

onEachStore('a request that another one has replaced', {}, (bench) => {
  const ask = (role: string, ...scopes: string[]) => bench.fixture.request('phone', role, scopes)

  test('is answered with the latest, and all that it adds to what was shown', async () => {
    const first = await ask('operator', 'operator.read', 'photos.read')
    await ask('node', 'camera.snap')
    const last = await ask('operator', 'operator.write')
    const answer = refusal('REQUEST_SUPERSEDED', {
      code: 'REQUEST_SUPERSEDED',
      requestId: last.id,
      digest: last.digest,
      state: 'pending',
      asks: last.asks,
      addedRoles: ['node'],
      addedScopes: ['camera.snap', 'operator.write'],
    })
    const { service } = bench.fixture
    for (const digest of [undefined, first.digest, last.digest])
      await expect(service.approve(HOST, { requestId: first.id, digest })).rejects.toEqual(answer)
    await expect(service.reject(HOST, first.id)).rejects.toEqual(answer)
    await expect(service.ignore(HOST, first.id)).rejects.toEqual(answer)
    expect(await bench.grantsOf('phone')).toEqual([])
  })

  test('says what became of the latest, which may be decided on', async () => {
    const first = await ask('operator')
    const last = await ask('node')
    await bench.fixture.service.reject(HOST, last.id)
    await expect(bench.fixture.service.approve(HOST, { requestId: first.id })).rejects.toEqual(
      refusal('REQUEST_SUPERSEDED', { requestId: last.id, state: 'rejected', addedRoles: ['node'] }),
    )
  })

  test('is still refused when what took its place is not there any more', async () => {
    const first = await ask('operator', 'operator.read')
    await ask('node')
    await bench.store.transaction(async (tx) => {
      const kept = await tx.request(first.id)
      if (kept !== null) await tx.putRequest({ ...kept, supersededBy: 'gone' })
    })
    await expect(bench.fixture.service.approve(HOST, { requestId: first.id })).rejects.toEqual(
      refusal('REQUEST_SUPERSEDED', {
        requestId: first.id,
        state: 'superseded',
        addedRoles: [],
        addedScopes: [],
      }),
    )
    expect(await bench.grantsOf('phone')).toEqual([])
  })

  test('is not what a wrong digest names: the answer has the right one', async () => {
    const request = await ask('operator', 'operator.read')
    await expect(
      bench.fixture.service.approve(HOST, { requestId: request.id, digest: 'f'.repeat(64) }),
    ).rejects.toEqual(
      refusal('REQUEST_SUPERSEDED', {
        code: 'REQUEST_SUPERSEDED',
        requestId: request.id,
        digest: request.digest,
        state: 'pending',
        asks: request.asks,
      }),
    )
  })
})

onEachStore('an approval that is repeated', {}, (bench) => {
  test('after the device was removed says so, and gives it nothing', async () => {
    const { service, request } = bench.fixture
    const { id: requestId, deviceId } = await request('phone', 'operator', ['operator.read'])
    await service.approve(HOST, { requestId })
    await service.remove(HOST, deviceId)
    await expect(service.approve(HOST, { requestId })).rejects.toEqual(refusal('NOT_FOUND'))
    expect(await bench.grantsOf('phone')).toEqual([])
  })
})
