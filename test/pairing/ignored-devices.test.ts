import { expect, test } from '@jest/globals'
import { HOST, onEachStore, refusal } from './on-each-store.ts'
import { deviceIdOf } from './service-fixture.ts'
import { remoteVerdict } from './verdicts.ts'

onEachStore('a key that the owner ignores', {}, (bench) => {
  const ignorePhone = async () => {
    const request = await bench.fixture.request('phone', 'operator', ['operator.read'])
    await bench.fixture.service.ignore(HOST, request.id)
    return request
  }
  const knock = (scopes: string[] = ['operator.read']) =>
    bench.fixture.connect('phone', 'operator', scopes, remoteVerdict)

  test('loses its request, and files no other: nothing is told', async () => {
    const request = await ignorePhone()
    expect(bench.fixture.events.at(-1)).toMatchObject({ kind: 'resolved', decision: 'rejected' })
    const told = bench.fixture.events.length
    const logged = (await bench.audit()).length
    for (const scopes of [['operator.read'], ['operator.admin'], []])
      expect(await knock(scopes)).toMatchObject({
        kind: 'waiting',
        request: null,
        isNew: false,
        unfiled: 'ignored',
      })
    expect(bench.fixture.events).toHaveLength(told)
    expect(await bench.audit()).toHaveLength(logged)
    expect((await bench.fixture.service.list(HOST)).pending).toEqual([])
    await expect(bench.fixture.service.approve(HOST, { requestId: request.id })).rejects.toEqual(
      refusal('INVALID_REQUEST', { code: 'REQUEST_SETTLED' }),
    )
  })

  test('is still paired silently when it is local', async () => {
    await ignorePhone()
    expect(await bench.fixture.connect('phone', 'operator', [])).toMatchObject({
      kind: 'admitted',
      silent: true,
    })
  })

  test('keeps what it holds, and stays ignored over a restart and a removal', async () => {
    const { id } = await bench.fixture.request('phone', 'operator', [])
    await bench.fixture.service.approve(HOST, { requestId: id })
    await ignorePhone()
    expect(await knock([])).toMatchObject({ kind: 'admitted' })
    await bench.fixture.service.remove(HOST, deviceIdOf('phone'))
    const { connect } = bench.restarted()
    expect(await connect('phone', 'operator', [], remoteVerdict)).toMatchObject({ unfiled: 'ignored' })
  })

  test('is heard again when the owner says so', async () => {
    await ignorePhone()
    expect(await bench.fixture.service.ignored(HOST)).toMatchObject([
      { deviceId: deviceIdOf('phone'), displayName: 'phone', ignoredBy: 'host' },
    ])
    await bench.fixture.service.unignore(HOST, deviceIdOf('phone'))
    expect(await bench.fixture.service.ignored(HOST)).toEqual([])
    expect(await knock()).toMatchObject({ isNew: true })
    await expect(bench.fixture.service.unignore(HOST, deviceIdOf('phone'))).rejects.toEqual(
      refusal('NOT_FOUND'),
    )
    const kinds = (await bench.audit()).map((entry) => entry.kind)
    expect(kinds).toEqual(expect.arrayContaining(['device-ignored', 'device-unignored']))
  })

  test('is so once, whoever says it again', async () => {
    const request = await ignorePhone()
    await bench.fixture.service.ignore(HOST, request.id)
    const kinds = (await bench.audit()).map((entry) => entry.kind)
    expect(kinds.filter((kind) => kind === 'device-ignored')).toHaveLength(1)
    expect(kinds.filter((kind) => kind === 'request-rejected')).toHaveLength(1)
  })

  test.each(['approve', 'reject'] as const)(
    'is so after the owner chose to %s too, which stands',
    async (choice) => {
      const { id: requestId } = await bench.fixture.request('phone', 'operator', [])
      const { service } = bench.fixture
      await (choice === 'approve' ? service.approve(HOST, { requestId }) : service.reject(HOST, requestId))
      const decided = await service.request(HOST, requestId)
      bench.fixture.clock.nowMs += 1
      expect(await service.ignore(HOST, requestId)).toEqual(decided)
      expect(await service.request(HOST, requestId)).toEqual(decided)
      expect((await bench.audit()).at(-1)).toMatchObject({ kind: 'device-ignored' })
      expect(bench.fixture.events.at(-1)).toMatchObject({ kind: 'changed', what: 'ignored' })
    },
  )

  test('is so by an admin alone: a device cannot hide its own requests either', async () => {
    const phone = await bench.fixture.owner('phone', ['operator.pairing'])
    const { id } = await bench.fixture.request('phone', 'node', [])
    const { service } = bench.fixture
    for (const call of [
      service.ignore(phone, id),
      service.ignored(phone),
      service.unignore(phone, phone.deviceId),
    ])
      await expect(call).rejects.toEqual(refusal('FORBIDDEN', { missingScope: 'operator.admin' }))
    const gone = await bench.fixture.owner('gone')
    await bench.fixture.service.remove(HOST, gone.deviceId)
    for (const call of [
      service.ignore(gone, id),
      service.ignored(gone),
      service.unignore(gone, phone.deviceId),
    ])
      await expect(call).rejects.toEqual(refusal('FORBIDDEN'))
  })
})
