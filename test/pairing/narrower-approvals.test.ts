import { expect, test } from '@jest/globals'
import type { Decision } from '../../lib/pairing/index.ts'
import { HOST, onEachStore, refusal } from './on-each-store.ts'

onEachStore('an approval of less than was asked for', {}, (bench) => {
  /** A phone that asks for a node's and an operator's role. */
  const bothRoles = async (): Promise<string> => {
    await bench.fixture.request('phone', 'operator', ['operator.write', 'photos.read'])
    return (await bench.fixture.request('phone', 'node', ['camera.snap'])).id
  }
  const given = async (): Promise<unknown[]> =>
    (await bench.grantsOf('phone')).map(({ role, scopes, via }) => [role, scopes, via])

  test.each<[string, Omit<Decision, 'requestId'>, unknown[]]>([
    ['one role', { roles: ['node'] }, [['node', ['camera.snap'], 'owner']]],
    [
      'one scope of one role',
      { roles: ['operator'], scopes: ['photos.read'] },
      [['operator', ['photos.read'], 'owner']],
    ],
    [
      'a scope that one asked for gives',
      { roles: ['operator'], scopes: ['operator.read'] },
      [['operator', ['operator.read'], 'owner']],
    ],
    ['no scopes', { roles: ['operator'], scopes: [] }, [['operator', [], 'owner']]],
    [
      'scopes of both roles, each where it was asked for',
      { scopes: ['operator.read', 'camera.snap'] },
      [
        ['node', ['camera.snap'], 'owner'],
        ['operator', ['operator.read'], 'owner'],
      ],
    ],
    ['the same scope twice', { roles: ['node'], scopes: ['camera.snap', 'camera.snap'] }, [['node', ['camera.snap'], 'owner']]], // prettier-ignore
  ])('may be of %s', async (_what, less, expected) => {
    const requestId = await bothRoles()
    await bench.fixture.service.approve(HOST, { requestId, ...less })
    expect(await given()).toEqual(expected)
  })

  test.each<[string, Omit<Decision, 'requestId'>]>([
    ['a role that was not asked for', { roles: ['node', 'admin'] }],
    ['no role', { roles: [] }],
    ['a scope that was not asked for', { scopes: ['photos.write'] }],
    ['a scope above one asked for', { scopes: ['operator.admin'] }],
    ['a scope that another role asked for', { roles: ['node'], scopes: ['operator.read'] }],
    ['a scope beside one that was', { scopes: ['operator.read', 'operator.pairing'] }],
    ['an empty scope', { scopes: [''] }],
    ['no time', { expiresInMs: 0 }],
    ['a negative time', { expiresInMs: -1000 }],
    ['half a millisecond more', { expiresInMs: 1000.5 }],
    ['no number', { expiresInMs: Number.NaN }],
    ['more than ten years', { expiresInMs: 11 * 365 * 24 * 3600 * 1000 }],
  ])('is refused with %s, and grants nothing', async (_what, less) => {
    const requestId = await bothRoles()
    await expect(bench.fixture.service.approve(HOST, { requestId, ...less })).rejects.toEqual(
      refusal('INVALID_REQUEST'),
    )
    expect(await given()).toEqual([])
    expect(await bench.store.transaction((tx) => tx.request(requestId))).toMatchObject({ state: 'pending' })
  })

  test('is refused with the role or scope that is too much', async () => {
    const requestId = await bothRoles()
    const { service } = bench.fixture
    await expect(service.approve(HOST, { requestId, roles: ['node', 'admin'] })).rejects.toMatchObject({
      message: 'roles: the request does not ask for the role admin',
      details: { code: 'NOT_ASKED', role: 'admin' },
    })
    await expect(service.approve(HOST, { requestId, scopes: ['photos.write'] })).rejects.toMatchObject({
      message: 'scopes: the request does not ask for the scope photos.write',
      details: { code: 'NOT_ASKED', scope: 'photos.write' },
    })
    await expect(service.approve(HOST, { requestId, roles: [] })).rejects.toThrow(/name at least one/)
  })

  test.each(['operator.*', 'operator.', 'operator.\u001b[2J', 'operator.a b'])(
    'cannot be of the pattern or text %j, which admin would give',
    async (scope) => {
      const { id: requestId } = await bench.fixture.request('phone', 'operator', ['operator.admin'])
      await expect(bench.fixture.service.approve(HOST, { requestId, scopes: [scope] })).rejects.toEqual(
        refusal('INVALID_REQUEST', { code: 'NOT_ASKED' }),
      )
      expect(await given()).toEqual([])
    },
  )

  test('lets in what it covers; the rest is a new request', async () => {
    const { id: requestId } = await bench.fixture.request('phone', 'operator', ['operator.write'])
    await bench.fixture.service.approve(HOST, { requestId, scopes: ['operator.read'] })
    expect(await bench.fixture.connect('phone', 'operator', ['operator.read'], null)).toMatchObject({
      kind: 'admitted',
    })
    expect(await bench.fixture.request('phone', 'operator', ['operator.write'])).toMatchObject({
      reason: 'scope-upgrade',
      id: expect.not.stringMatching(requestId) as unknown,
    })
  })

  test('of what the device holds for good already adds nothing', async () => {
    const approve = async (asked: string, less: Omit<Decision, 'requestId'>): Promise<void> => {
      const { id: requestId } = await bench.fixture.request('phone', 'operator', [asked])
      await bench.fixture.service.approve(HOST, { requestId, ...less })
    }
    await approve('operator.write', { scopes: ['operator.read'], expiresInMs: 60_000 })
    await approve('operator.write', { scopes: ['operator.read'] })
    expect(await given()).toHaveLength(2)
    await approve('operator.write', { scopes: ['operator.read'] })
    await approve('operator.write', { scopes: ['operator.read'], expiresInMs: 60_000 })
    expect(await given()).toHaveLength(2)
    // What it holds silently is not for good.
    await bench.fixture.connect('phone', 'operator', ['operator.write'])
    await approve('operator.write', {})
    expect(await given()).toContainEqual(['operator', ['operator.write'], 'owner'])
  })

  test('takes no more than the approver needs for the part', async () => {
    const owner = await bench.fixture.owner('owner', ['operator.admin'])
    const { id: requestId } = await bench.fixture.request('phone', 'operator', [
      'operator.read',
      'photos.read',
    ])
    await expect(bench.fixture.service.approve(owner, { requestId })).rejects.toEqual(
      refusal('FORBIDDEN', { missingScope: 'photos.read', requiredScopes: ['photos.read'] }),
    )
    await bench.fixture.service.approve(owner, { requestId, scopes: ['operator.read'] })
    expect(await given()).toEqual([['operator', ['operator.read'], 'owner']])
  })
})
