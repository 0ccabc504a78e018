import { expect, test } from '@jest/globals'
import type { ConnectOutcome } from '../../lib/pairing/index.ts'
import { connectWithToken, HOST, onEachStore, refusal, type Bench } from './on-each-store.ts'
import { attemptOf, deviceIdOf } from './service-fixture.ts'
import { localVerdict, remoteVerdict } from './verdicts.ts'

const PHONE = { deviceId: deviceIdOf('phone'), role: 'operator' }

/** A phone that the owner approved, and its first token. */
async function pairedPhone(bench: Bench, scopes: string[] = ['operator.pairing']): Promise<string> {
  const { id: requestId } = await bench.fixture.request('phone', 'operator', scopes)
  await bench.fixture.service.approve(HOST, { requestId })
  return newTokenOf(await connectWithToken(bench.fixture, 'phone', null))
}

function newTokenOf(outcome: ConnectOutcome): string {
  if (outcome.kind !== 'admitted' || outcome.newToken === null) throw new Error(`no token: ${outcome.kind}`)
  return outcome.newToken
}

const self = (scopes = ['operator.pairing']) =>
  ({ kind: 'device', ...PHONE, scopes, silentHonoured: false }) as const

onEachStore('a device token', {}, (bench) => {
  const connect = (token: string | null) => connectWithToken(bench.fixture, 'phone', token)
  const rotateOwn = async (): Promise<string> =>
    (await bench.fixture.service.rotate(self(), PHONE)).token ?? ''

  test('that its device rotates comes in the answer; the old one lasts until the new one was used', async () => {
    const old = await pairedPhone(bench)
    const next = await rotateOwn()
    for (let i = 0; i < 2; i += 1)
      expect(await connect(old)).toMatchObject({ kind: 'admitted', newToken: null })
    expect(await connect(next)).toMatchObject({ kind: 'admitted', newToken: null })
    expect(await connect(old)).toEqual({ kind: 'token-mismatch', standing: 'superseded' })
  })

  test('that another rotates comes with the next hello, and the other does not see it', async () => {
    const old = await pairedPhone(bench)
    const owner = await bench.fixture.owner()
    expect(await bench.fixture.service.rotate(owner, PHONE)).toMatchObject({ token: null })
    const next = newTokenOf(await connect(old))
    expect(await connect(next)).toMatchObject({ kind: 'admitted', newToken: null })
    expect(await connect(old)).toMatchObject({ standing: 'superseded' })
  })

  test('that another rotates comes to a device without its token too; the old one lasts until it was used', async () => {
    const old = await pairedPhone(bench)
    await bench.fixture.service.rotate(HOST, PHONE)
    const next = newTokenOf(await connect(null))
    expect(await connect(null)).toMatchObject({ kind: 'admitted', newToken: null })
    expect(await connect(old)).toMatchObject({ kind: 'admitted', newToken: null })
    expect(await connect(next)).toMatchObject({ kind: 'admitted', newToken: null })
    expect(await connect(old)).toMatchObject({ standing: 'superseded' })
  })

  test('of one role ends with that role alone', async () => {
    const operator = await pairedPhone(bench)
    const asNode = (token: string | null) =>
      bench.fixture.service.connect({ ...attemptOf('phone', 'node', [], localVerdict), token })
    const node = newTokenOf(await asNode(null))
    await bench.fixture.service.rotate(HOST, PHONE)
    await bench.fixture.service.revoke(HOST, PHONE.deviceId, 'operator')
    expect(await asNode(node)).toMatchObject({ kind: 'admitted', newToken: null })
    const records = await bench.store.transaction((tx) => tx.tokens(PHONE.deviceId))
    expect(records).toMatchObject([
      { role: 'node', revokedAtMs: null },
      { role: 'operator', revokedAtMs: bench.fixture.clock.nowMs, isRotationDue: false },
    ])
    const { id: requestId } = await bench.fixture.request('phone', 'operator', [])
    await bench.fixture.service.approve(HOST, { requestId })
    expect(await connect(operator)).toEqual({ kind: 'token-mismatch', standing: 'revoked' })
  })

  test('that a device never had counts for nothing, and keeps it from nothing', async () => {
    const attempt = { ...attemptOf('phone', 'operator', [], remoteVerdict), token: 'x' }
    const { service } = bench.fixture
    expect(await service.connect({ ...attempt, requiresToken: true })).toEqual({ kind: 'unauthorized' })
    expect(await service.connect(attempt)).toMatchObject({ kind: 'waiting', isNew: true })
    await pairedPhone(bench)
    expect(await service.connect({ ...attempt, requiresToken: true })).toEqual({ kind: 'token-mismatch', standing: 'unknown' }) // prettier-ignore
  })

  test('is handed out once to connects at the same time; the others go on with the old one', async () => {
    const old = await pairedPhone(bench)
    await bench.fixture.service.rotate(HOST, PHONE)
    const outcomes = await Promise.all([1, 2, 3, 4, 5].map(() => connect(old)))
    const tokens = outcomes.map((outcome) => outcome.kind === 'admitted' && outcome.newToken)
    expect(tokens.filter((token) => typeof token === 'string')).toHaveLength(1)
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(new Array(5).fill('admitted'))
    const next = tokens.find((token) => typeof token === 'string') as string
    expect(await connect(next)).toMatchObject({ kind: 'admitted' })
  })

  test('that was replaced has come back: all that the device holds in the role is taken from it', async () => {
    const old = await pairedPhone(bench)
    const { id: requestId } = await bench.fixture.request('phone', 'node', ['camera.snap'])
    await bench.fixture.service.approve(HOST, { requestId })
    const next = await rotateOwn()
    await connect(next)
    expect(await connect(old)).toEqual({ kind: 'token-mismatch', standing: 'superseded' })
    expect((await bench.grantsOf('phone')).map((grant) => grant.role)).toEqual(['node'])
    const reused = { kind: 'revoked', role: 'operator', why: 'token reused' }
    expect(bench.fixture.events.at(-1)).toMatchObject(reused)
    expect((await bench.audit()).at(-1)).toMatchObject({ kind: 'token-reused', actor: 'gateway' })
    // Neither the newest token nor the key alone is enough now.
    for (const token of [next, null])
      expect(await connectWithToken(bench.fixture, 'phone', token, remoteVerdict)).toMatchObject({
        kind: 'waiting',
        reason: 'role-upgrade',
      })
    expect(await connect(old)).toMatchObject({ kind: 'needs-locality' })
  })

  test('used while a rotation is due stays good until the one after was used, and ends the one before', async () => {
    const first = await pairedPhone(bench)
    const second = await rotateOwn()
    await bench.fixture.service.rotate(HOST, PHONE)
    // The hello with the third one is lost on its way.
    newTokenOf(await connect(second))
    expect(await connect(second)).toMatchObject({ kind: 'admitted' })
    expect(await connect(first)).toMatchObject({ standing: 'superseded' })
  })

  test('that was never used is replaced by the next rotation; the one in use stays good', async () => {
    const used = await pairedPhone(bench)
    await connect(used)
    const unused = await rotateOwn()
    const latest = await rotateOwn()
    expect(await connect(used)).toMatchObject({ kind: 'admitted' })
    expect(await connect(latest)).toMatchObject({ kind: 'admitted' })
    expect(await connect(unused)).toMatchObject({ standing: 'superseded' })
  })

  test('is remembered after sixteen rotations and no longer', async () => {
    const tokens = [await pairedPhone(bench)]
    for (let i = 0; i < 18; i += 1) {
      tokens.push(await rotateOwn())
      await connect(tokens.at(-1) ?? '')
    }
    const [record] = await bench.store.transaction((tx) => tx.tokens(PHONE.deviceId))
    expect(record?.superseded).toHaveLength(16)
    expect(await connect(tokens[0] ?? '')).toMatchObject({ standing: 'unknown' })
    expect(await connect(tokens[2] ?? '')).toMatchObject({ standing: 'superseded' })
  })

  test('that was revoked takes the role with it; a second revocation gives the time of the first', async () => {
    const token = await pairedPhone(bench)
    const at = await bench.fixture.service.revoke(HOST, PHONE.deviceId, 'operator')
    bench.fixture.clock.nowMs += 1000
    expect(await bench.fixture.service.revoke(HOST, PHONE.deviceId, 'operator')).toBe(at)
    expect(await bench.grantsOf('phone')).toEqual([])
    expect(await connectWithToken(bench.fixture, 'phone', token, remoteVerdict)).toMatchObject({
      kind: 'waiting',
      reason: 'not-paired',
    })
    await expect(bench.fixture.service.rotate(HOST, PHONE)).rejects.toEqual(
      refusal('INVALID_REQUEST', { code: 'TOKEN_REVOKED' }),
    )
    const kinds = (await bench.audit()).map((entry) => entry.kind)
    expect(kinds.filter((kind) => kind === 'token-revoked')).toHaveLength(1)
  })

  test('that was revoked stays refused after the device was approved anew', async () => {
    const token = await pairedPhone(bench)
    await bench.fixture.service.revoke(HOST, PHONE.deviceId, 'operator')
    const { id: requestId } = await bench.fixture.request('phone', 'operator', [])
    await bench.fixture.service.approve(HOST, { requestId })
    expect(await connect(token)).toEqual({ kind: 'token-mismatch', standing: 'revoked' })
    expect(newTokenOf(await connect(null))).not.toBe(token)
    expect(await connect(token)).toMatchObject({ kind: 'token-mismatch' })
  })

  test('of a role that is not there cannot be rotated or revoked', async () => {
    await pairedPhone(bench)
    for (const call of [
      bench.fixture.service.rotate(HOST, { ...PHONE, role: 'node' }),
      bench.fixture.service.revoke(HOST, PHONE.deviceId, 'node'),
      bench.fixture.service.revoke(HOST, deviceIdOf('nobody'), 'operator'),
    ])
      await expect(call).rejects.toEqual(refusal('NOT_FOUND'))
  })

  test.each(['rotate', 'revoke'] as const)(
    'is not for another device without operator.admin to %s',
    async (what) => {
      await pairedPhone(bench)
      const other = await bench.fixture.owner('other', ['operator.pairing'])
      const call =
        what === 'rotate'
          ? bench.fixture.service.rotate(other, PHONE)
          : bench.fixture.service.revoke(other, PHONE.deviceId, 'operator')
      await expect(call).rejects.toEqual(refusal('FORBIDDEN', { missingScope: 'operator.admin' }))
    },
  )

  test('stands in the store as a hash alone, whatever happened to it', async () => {
    const tokens = [await pairedPhone(bench), await rotateOwn()]
    await connect(tokens[1] ?? '')
    await bench.fixture.service.rotate(HOST, PHONE)
    tokens.push(newTokenOf(await connect(tokens[1] ?? '')))
    const kept = JSON.stringify(
      await bench.store.transaction(async (tx) => [
        await tx.tokens(PHONE.deviceId),
        await tx.auditEntries({ after: 0, limit: 1000 }),
        await tx.events({ after: 0, limit: 1000 }),
      ]),
    )
    for (const token of tokens) expect(kept).not.toContain(token)
  })
})

onEachStore('a device token with a time to live', { limits: { tokenTtlMs: 60_000 } }, (bench) => {
  const connect = (token: string | null) => connectWithToken(bench.fixture, 'phone', token)

  test('is good until its end; the key then gets a new one', async () => {
    const token = await pairedPhone(bench)
    bench.fixture.clock.nowMs += 59_999
    expect(await connect(token)).toMatchObject({ kind: 'admitted' })
    bench.fixture.clock.nowMs += 1
    expect(await connect(token)).toEqual({ kind: 'token-mismatch', standing: 'expired' })
    expect(newTokenOf(await connect(null))).not.toBe(token)
  })

  test('lasts as long again once rotated, by itself or by another, and no longer', async () => {
    const token = await pairedPhone(bench)
    bench.fixture.clock.nowMs += 59_000
    const { token: own } = await bench.fixture.service.rotate(self(), PHONE)
    bench.fixture.clock.nowMs += 59_000
    expect(await connect(own)).toMatchObject({ kind: 'admitted' })
    await bench.fixture.service.rotate(HOST, PHONE)
    const next = newTokenOf(await connect(own))
    bench.fixture.clock.nowMs += 59_000
    expect(await connect(next)).toMatchObject({ kind: 'admitted' })
    expect(token).not.toBe(next)
    const { token: last } = await bench.fixture.service.rotate(self(), PHONE)
    bench.fixture.clock.nowMs += 60_000
    expect(await connect(last)).toEqual({ kind: 'token-mismatch', standing: 'expired' })
  })

  test('that is over does not stand in for the shared secret', async () => {
    const token = await pairedPhone(bench)
    const attempt = { ...attemptOf('phone', 'operator', [], localVerdict), requiresToken: true }
    const { service } = bench.fixture
    expect(await service.connect({ ...attempt, token })).toMatchObject({ kind: 'admitted' })
    expect(await service.connect(attempt)).toEqual({ kind: 'unauthorized' })
    expect(await service.connect({ ...attempt, token: 'x' })).toMatchObject({ standing: 'unknown' })
    bench.fixture.clock.nowMs += 60_000
    expect(await service.connect({ ...attempt, token })).toMatchObject({ standing: 'expired' })
  })
})
