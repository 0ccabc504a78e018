import { expect, test } from '@jest/globals'
import type { ConnectOutcome, DeviceAuthority } from '../../lib/pairing/index.ts'
import type { InviteAsk } from '../../lib/pairing/index.ts'
import { approvedOwner, HOST, onEachStore, refusal } from './on-each-store.ts'
import { attemptOf, deviceIdOf } from './service-fixture.ts'
import { remoteVerdict } from './verdicts.ts'

const ASK: InviteAsk = { role: 'operator', scopes: ['operator.read'] }
const INVALID = { kind: 'invite-invalid' }

onEachStore('an invitation and its maker:', {}, (bench) => {
  const make = async (authority: Parameters<typeof bench.fixture.service.invite>[0] = HOST, ask = ASK) =>
    bench.fixture.service.invite(authority, ask)
  const use = (
    token: string,
    device = 'guest',
    scopes = ['operator.read'],
    more: Partial<ReturnType<typeof attemptOf>> = {},
  ): Promise<ConnectOutcome> =>
    bench.fixture.service.connect({
      ...attemptOf(device, 'operator', scopes, remoteVerdict),
      bootstrapToken: token,
      ...more,
    })

  const demotions: [string, (maker: DeviceAuthority) => Promise<unknown>][] = [
    ['was removed', ({ deviceId }) => bench.fixture.service.remove(HOST, deviceId)],
    ['lost its token', ({ deviceId }) => bench.fixture.service.revoke(HOST, deviceId, 'operator')],
    ['is no admin any more', ({ deviceId }) => bench.fixture.service.rotate(HOST, { deviceId, role: 'operator', scopes: ['operator.pairing', 'operator.read'] })], // prettier-ignore
    ['does not hold the scope any more', ({ deviceId }) => bench.fixture.service.rotate(HOST, { deviceId, role: 'operator', scopes: ['operator.admin'] })], // prettier-ignore
  ]
  test.each(demotions)('is worth nothing once its maker %s', async (_what, demote) => {
    const maker = await approvedOwner(bench.fixture, 'maker', ['operator.admin', 'photos.read'])
    const scopes = _what.includes('scope') ? ['photos.read'] : ['operator.read']
    const { token } = await make(maker, { role: 'operator', scopes })
    await demote(maker)
    expect(await use(token, 'guest', scopes)).toEqual(INVALID)
    expect(await bench.grantsOf('guest')).toEqual([])
  })

  test('is good when a client without a key of its own has made it that was at home', async () => {
    const { token, invite } = await make({ kind: 'local', scopes: ['operator.admin'] })
    expect(invite).toMatchObject({ createdBy: 'local', silentHost: null })
    expect(await use(token)).toMatchObject({ kind: 'admitted' })
  })

  test('is worth nothing once the approval of its maker has ended', async () => {
    const { id: requestId } = await bench.fixture.request('maker', 'operator', ['operator.admin'])
    await bench.fixture.service.approve(HOST, { requestId, expiresInMs: 60_000 })
    const maker = { kind: 'device', deviceId: deviceIdOf('maker'), role: 'operator', scopes: ['operator.admin'], silentHonoured: false } as const // prettier-ignore
    const { token } = await make(maker)
    bench.fixture.clock.nowMs += 60_000
    expect(await use(token)).toEqual(INVALID)
  })

  test('is worth nothing once the silent grants of its maker were undone', async () => {
    const maker = await bench.fixture.owner('maker')
    const { token } = await make(maker)
    const first = await make(maker, { ...ASK, isFirstOwner: true })
    await bench.fixture.service.undoSilent(HOST, 0)
    expect(await use(token)).toEqual(INVALID)
    expect(await use(first.token)).toEqual(INVALID)
  })

  test('cannot be made from elsewhere on silent grants, and not on them after they were honoured', async () => {
    const maker = await bench.fixture.owner('maker')
    await expect(make({ ...maker, silentHonoured: false })).rejects.toEqual(refusal('FORBIDDEN'))
    // Made on what the owner approved: silent grants do not stand in for that later.
    const owner = await approvedOwner(bench.fixture, 'owner')
    const { token } = await make(owner)
    await bench.fixture.service.revoke(HOST, owner.deviceId, 'operator')
    await bench.fixture.owner('owner')
    expect(await use(token)).toEqual(INVALID)
  })

  test('is not for its maker: what it holds silently would become an approval', async () => {
    const maker = await bench.fixture.owner('maker')
    const { token } = await make(maker)
    expect(await use(token, 'maker')).toEqual(INVALID)
    expect((await bench.grantsOf('maker')).map((grant) => grant.via)).toEqual(['silent'])
    expect(await use(token)).toMatchObject({ kind: 'admitted' })
  })
})
