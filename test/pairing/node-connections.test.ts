import { expect, test } from '@jest/globals'
import { onEachStore } from './on-each-store.ts'
import { nodeOn } from './several-nodes.ts'
import { attemptOf, deviceIdOf } from './service-fixture.ts'
import { localVerdict, remoteVerdict } from './verdicts.ts'

onEachStore('several gateways that devices connect to', {}, (bench) => {
  const node = (id: string, setup = {}) => nodeOn(bench.store, id, setup)

  test('admit a connection as of the last event of all of them', async () => {
    const [a, b] = [node('a'), node('b')]
    for (const one of [a, b]) await one.service.tellUntold()
    const admitted = async (name: string) => {
      const outcome = await b.service.connect(attemptOf(name, 'operator', [], localVerdict))
      return outcome.kind === 'admitted' ? outcome.atSeq : null
    }
    // Alone as far as it knows, it counts by its own feed; it is told of its own grant after this.
    expect(await admitted('one')).toBe(0)
    await a.beat(0)
    await b.beat(0)
    await a.knock('x')
    await a.knock('y')
    expect(await admitted('one')).toBe(3)
  })

  test('honour a silent grant on the host where it was given alone', async () => {
    const [here, there] = [node('a', { host: 'here' }), node('b', { host: 'there' })]
    const attempt = attemptOf('tool', 'operator', ['operator.read'], localVerdict)
    expect(await here.service.connect(attempt)).toMatchObject({ kind: 'admitted', silent: true })
    expect(await here.service.connect(attempt)).toMatchObject({ kind: 'admitted', silent: false })
    expect(await there.service.connect(attempt)).toMatchObject({ kind: 'admitted', silent: true })
    expect((await bench.grantsOf('tool')).map((grant) => grant.host).sort()).toEqual(['here', 'there'])
    expect(await there.service.connect({ ...attempt, verdict: remoteVerdict })).toMatchObject({
      reason: 'remote-use',
    })
  })

  test('give on another host no authority that rests on a silent grant of this one', async () => {
    const [here, there] = [node('a', { host: 'here' }), node('b', { host: 'there' })]
    const outcome = await here.service.connect(
      attemptOf('tool', 'operator', ['operator.admin'], localVerdict),
    )
    const token = outcome.kind === 'admitted' ? (outcome.newToken ?? '') : ''
    const deviceId = deviceIdOf('tool')
    const call = { deviceId, token, addressPrefix: '192.0.2.1', verdict: localVerdict }
    expect(await here.service.authenticate(call)).toMatchObject({ kind: 'authenticated' })
    expect(await there.service.authenticate(call)).toEqual({ kind: 'nothing-held', role: 'operator' })
    const tool = { kind: 'device', deviceId, role: 'operator', scopes: ['operator.admin'], silentHonoured: true } as const // prettier-ignore
    expect(await here.service.listPending(tool, { limit: 1 })).toMatchObject({ requests: [] })
    await expect(there.service.listPending(tool, { limit: 1 })).rejects.toMatchObject({ code: 'FORBIDDEN' })
  })

  test('count a proof of a key once between them, for as long as it could be accepted', async () => {
    const [a, b] = [node('a'), node('b')]
    const tokens = new Map<string, string>()
    for (const name of ['phone', 'tablet']) {
      const outcome = await a.service.connect(attemptOf(name, 'operator', [], localVerdict))
      if (outcome.kind === 'admitted') tokens.set(name, outcome.newToken ?? '')
    }
    const call = async (at: typeof a, device: string, proofId?: string) => {
      const token = tokens.get(device) ?? ''
      const credentials = { deviceId: deviceIdOf(device), token, addressPrefix: '192.0.2.1', verdict: localVerdict }
      return (await at.service.authenticate(proofId === undefined ? credentials : { ...credentials, proofId })).kind
    }
    // Alone, a gateway tells them apart by itself.
    expect([await call(a, 'phone', 'p1'), await call(a, 'phone', 'p1')]).toEqual(['authenticated', 'authenticated'])
    await a.beat(0)
    await b.beat(0)
    await a.beat(5000)
    expect([await call(a, 'phone', 'p1'), await call(b, 'phone', 'p1')]).toEqual(['authenticated', 'replayed'])
    expect([await call(b, 'phone', 'p2'), await call(b, 'tablet', 'p1')]).toEqual(['authenticated', 'authenticated'])
    expect([await call(a, 'phone'), await call(b, 'phone')]).toEqual(['authenticated', 'authenticated'])
    b.clock.nowMs += 10 * 60_000 - 1
    expect(await call(b, 'phone', 'p1')).toBe('replayed')
    b.clock.nowMs += 1
    expect(await call(b, 'phone', 'p1')).toBe('authenticated')
  }) // prettier-ignore
})
