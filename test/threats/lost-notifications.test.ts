import { expect, jest, test } from '@jest/globals'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import type { RawClient } from '../gateway/raw-client.ts'
import { until } from '../gateway/running-gateway.ts'
import { admittedAs, connectAs, FORWARDED } from '../gateway/signed-connect.ts'
import { LIMITS, onTwoGateways, type Node } from '../nodes/two-gateways.ts'

jest.setTimeout(120_000)

type Owned = { readonly owner: RawClient; readonly identity: ReturnType<typeof createDeviceIdentity> }

/** A device that the owner has approved on this node, so that it may connect anywhere. */
async function approvedOn(node: Node): Promise<Owned> {
  const { client: owner } = await admittedAs(node.url, createDeviceIdentity(), { scopes: ['operator.admin'] })
  const identity = createDeviceIdentity()
  const { client, answer } = await connectAs(node.url, identity, {}, FORWARDED)
  const { requestId, digest } = answer.error?.details ?? {}
  expect(await owner.request('device.pair.approve', { requestId, digest })).toMatchObject({ ok: true })
  client.close()
  return { owner, identity }
}

onTwoGateways('threat 19', (nodes) => {
  test.each([
    ['with notifications', null],
    ['whose notifications are lost', 'no-wake'],
  ] as const)('threat 19: a revocation on one node ends the session on another %s', async (_name, cut) => {
    const { a, b } = nodes
    const { owner, identity } = await approvedOn(a)
    const { client } = await admittedAs(b.url, identity, {}, FORWARDED)
    b.store.cut(cut)
    await owner.request('device.pair.remove', { deviceId: identity.deviceId })
    expect(await client.closed).toEqual({ code: 4001, reason: 'device removed' })
    expect((await connectAs(b.url, identity, {}, FORWARDED)).answer.error?.code).toBe('NOT_PAIRED')
    owner.close()
  })

  test.each(['unreachable', 'hanging'] as const)(
    'threat 19: on a node whose store is %s nothing is done after the lease, and sessions end',
    async (cut) => {
      const { a, b } = nodes
      const { owner, identity } = await approvedOn(a)
      let calls = 0
      b.gateway.method(`count.${cut}`, { scope: null }, () => (calls += 1))
      const { client } = await admittedAs(b.url, identity, {}, FORWARDED)
      const elsewhere = await admittedAs(a.url, createDeviceIdentity())
      await client.request(`count.${cut}`)
      b.store.cut(cut)
      const cutAt = performance.now()
      await owner.request('device.pair.remove', { deviceId: identity.deviceId })
      let lastDoneAt = 0
      const asking = setInterval(() => client.send({ type: 'req', id: 'x', method: `count.${cut}` }), 20)
      const counting = setInterval(() => {
        if (calls > 1) lastDoneAt = performance.now()
        calls = 1
      }, 1)
      expect(await client.closed).toEqual({ code: 1012, reason: 'the gateway cannot reach its store' })
      clearInterval(asking)
      clearInterval(counting)
      // The poll that was under way when it was cut counts from its start.
      expect(lastDoneAt - cutAt).toBeLessThan(LIMITS.leaseMs + 1000)
      if (cut === 'unreachable') {
        const refused = await connectAs(b.url, createDeviceIdentity())
        expect(refused.answer.error).toMatchObject({ code: 'UNAVAILABLE', retryable: true })
      }
      expect(await elsewhere.client.request('health')).toMatchObject({ ok: true })
      b.store.cut(null)
      if (cut === 'unreachable') {
        await until(async () => (await connectAs(b.url, createDeviceIdentity())).answer.ok === true)
        expect((await connectAs(b.url, identity, {}, FORWARDED)).answer.error?.code).toBe('NOT_PAIRED')
      }
      owner.close()
    },
  )

  test('threat 19: a connect that was decided before the revocation does not outlive it', async () => {
    const { a, b } = nodes
    const { owner, identity } = await approvedOn(a)
    const count = createDeviceIdentity()
    await admittedAs(b.url, count)
    // Its next transaction must be the connect, so it does not look by itself.
    b.store.cut('no-wake')
    let connecting: ReturnType<typeof connectAs> | null = null
    for (let found = false; !found;) {
      const hold = b.store.holdNext()
      connecting ??= connectAs(b.url, identity, {}, FORWARDED)
      const first = await Promise.race([hold.committed.then(() => 'held'), connecting.then(() => 'answered')])
      // The look of a moment ago was held in its place.
      if (first === 'answered') {
        const { client } = await connecting
        client.close()
        connecting = null
      } else {
        await owner.request('device.pair.remove', { deviceId: identity.deviceId })
        found = true
      }
      hold.release()
    }
    const { client } = await (connecting as ReturnType<typeof connectAs>).catch(() => ({ client: null }))
    if (client !== null) expect((await client.closed).code).toBe(4001)
    owner.close()
  })
})
