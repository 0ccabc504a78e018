import { expect, test } from '@jest/globals'
import { connectWithToken, HOST, onEachStore, refusal } from './on-each-store.ts'
import { deviceIdOf } from './service-fixture.ts'
import { remoteVerdict } from './verdicts.ts'

const PHONE = { deviceId: deviceIdOf('phone'), role: 'operator' }

onEachStore('rotating with scopes', {}, (bench) => {
  const approve = async (scopes: string[], expiresInMs?: number): Promise<void> => {
    const { id: requestId } = await bench.fixture.request('phone', 'operator', scopes)
    await bench.fixture.service.approve(HOST, { requestId, expiresInMs })
  }
  const held = async (): Promise<unknown[]> =>
    (await bench.grantsOf('phone')).map(({ via, scopes, expiresAtMs }) => [via, scopes, expiresAtMs])

  test('cuts every grant of the role down, silent ones too, and keeps their ends', async () => {
    await approve(['operator.write', 'photos.read'])
    bench.fixture.clock.nowMs += 1
    await approve(['photos.write'], 60_000)
    await bench.fixture.connect('phone', 'operator', ['operator.admin'])
    const endsAtMs = bench.fixture.clock.nowMs + 60_000
    await bench.fixture.service.rotate(HOST, { ...PHONE, scopes: ['operator.read', 'photos.write'] })
    expect(await held()).toEqual([
      ['owner', ['operator.read'], null],
      ['owner', ['photos.write'], endsAtMs],
      ['silent', ['operator.read'], null],
    ])
    expect(bench.fixture.events.slice(-2)).toMatchObject([
      { kind: 'revoked', why: 'scopes reduced' },
      { kind: 'changed', what: 'token' },
    ])
    expect(await bench.fixture.connect('phone', 'operator', ['photos.read'], remoteVerdict)).toMatchObject({
      kind: 'waiting',
      reason: 'scope-upgrade',
    })
  })

  test('leaves other roles alone, and ends no connection when nothing is taken', async () => {
    await approve(['operator.write'])
    const { id: requestId } = await bench.fixture.request('phone', 'node', ['camera.snap'])
    await bench.fixture.service.approve(HOST, { requestId })
    await connectWithToken(bench.fixture, 'phone', null)
    const ended = () =>
      bench.fixture.events.filter(({ kind }) => kind === 'revoked' || kind === 'removed').length
    const before = ended()
    await bench.fixture.service.rotate(HOST, { ...PHONE, scopes: ['operator.write'] })
    expect(ended()).toBe(before)
    await bench.fixture.service.rotate(HOST, { ...PHONE, scopes: [] })
    expect((await bench.grantsOf('phone')).map((grant) => grant.scopes)).toEqual([['camera.snap'], []])
  })

  test.each([[['operator.admin']], [['operator.read', 'photos.read']], [['operator.*']], [['']]])(
    'gives nothing: %j is refused and changes nothing',
    async (scopes) => {
      await approve(['operator.write'])
      await connectWithToken(bench.fixture, 'phone', null)
      await expect(bench.fixture.service.rotate(HOST, { ...PHONE, scopes })).rejects.toEqual(
        refusal('INVALID_REQUEST', { code: 'SCOPE_NOT_HELD' }),
      )
      expect(await held()).toEqual([['owner', ['operator.write'], null]])
    },
  )

  test('keeps no pattern, although admin would give it', async () => {
    await approve(['operator.admin'])
    await connectWithToken(bench.fixture, 'phone', null)
    await expect(bench.fixture.service.rotate(HOST, { ...PHONE, scopes: ['operator.*'] })).rejects.toEqual(
      refusal('INVALID_REQUEST'),
    )
  })
})
