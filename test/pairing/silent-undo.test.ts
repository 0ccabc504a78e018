import { expect, test } from '@jest/globals'
import { approvedOwner, HOST, onEachStore, refusal, SHARED_SECRET } from './on-each-store.ts'
import { deviceIdOf } from './service-fixture.ts'

onEachStore('undoing silent grants', {}, (bench) => {
  test('takes those since a time from every device, and nothing else', async () => {
    const { service, clock, connect, events } = bench.fixture
    const owner = await approvedOwner(bench.fixture, 'owner')
    await connect('early', 'operator', ['operator.read'])
    await connect('both', 'operator', ['operator.read'])
    clock.nowMs += 1000
    const sinceMs = clock.nowMs
    await connect('both', 'operator', ['operator.write'])
    await connect('late', 'operator', ['operator.admin'])
    await connect('owner', 'node', ['camera.snap'])
    const told = events.length

    const undone = await service.undoSilent(owner, sinceMs)
    expect(undone.map(({ scopes }) => scopes)).toHaveLength(3)
    expect((await bench.grantsOf('early')).map((grant) => grant.scopes)).toEqual([['operator.read']])
    expect((await bench.grantsOf('both')).map((grant) => grant.scopes)).toEqual([['operator.read']])
    expect(await bench.grantsOf('late')).toEqual([])
    expect((await bench.grantsOf('owner')).map((grant) => grant.via)).toEqual(['owner'])
    expect(events.slice(told)).toEqual(
      expect.arrayContaining(
        ['both', 'late', 'owner'].map((name) => ({
          kind: 'revoked',
          deviceId: deviceIdOf(name),
          role: null,
          why: 'silent grants undone',
        })),
      ),
    )
    expect(events).toHaveLength(told + 3)
    expect((await bench.audit()).at(-1)).toMatchObject({
      kind: 'silent-grants-undone',
      actor: owner.deviceId,
    })
  })

  test('with nothing to undo writes and tells nothing', async () => {
    const { service, clock, events, connect } = bench.fixture
    await connect('early', 'operator', [])
    const before = [events.length, (await bench.audit()).length]
    expect(await service.undoSilent(HOST, clock.nowMs + 1)).toEqual([])
    expect([events.length, (await bench.audit()).length]).toEqual(before)
  })

  test('needs operator.admin that is still held', async () => {
    const { service, owner } = bench.fixture
    const limited = await owner('limited', ['operator.pairing'])
    await expect(service.undoSilent(limited, 0)).rejects.toEqual(refusal('FORBIDDEN'))
    const gone = await owner('gone')
    await service.remove(HOST, gone.deviceId)
    await expect(service.undoSilent(gone, 0)).rejects.toEqual(refusal('FORBIDDEN'))
    expect(await bench.grantsOf('limited')).toHaveLength(1)
    await service.undoSilent(SHARED_SECRET, 0)
    expect(await bench.grantsOf('limited')).toEqual([])
  })
})
