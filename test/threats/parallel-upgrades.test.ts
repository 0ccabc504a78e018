import { expect, test } from '@jest/globals'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { runGateway } from '../gateway/running-gateway.ts'
import { admittedAs, connectAs, FORWARDED } from '../gateway/signed-connect.ts'
import { chainProblem } from '../pairing/chain-problem.ts'
import { STORES } from '../pairing/service-fixture.ts'

test.each(STORES)(
  'threat 9: 100 sockets of one device at a time leave one grant of each scope, or one request for all, on the %s store',
  async (_name, open) => {
    const { store, remove } = await open()
    const running = await runGateway({ store, limits: { unauthenticatedPerPrefix: 500 } })
    const scopes = Array.from({ length: 100 }, (_, i) => `app.s${i}`)
    const near = createDeviceIdentity()
    const far = createDeviceIdentity()
    const all = await Promise.all(
      scopes.flatMap((scope) => [
        connectAs(running.url, near, { scopes: [scope] }),
        connectAs(running.url, far, { scopes: [scope] }, FORWARDED),
      ]),
    )
    expect(all.filter(({ answer }) => answer.ok === true)).toHaveLength(100)
    const tokens = all.map(
      ({ answer }) => (answer.payload?.auth as { deviceToken?: string } | undefined)?.deviceToken,
    )
    expect(tokens.filter((token) => token !== undefined)).toHaveLength(1)
    const grants = await store.transaction((tx) => tx.grants(near.deviceId))
    expect(grants.flatMap((grant) => grant.scopes).sort()).toEqual([...scopes].sort())
    const pending = await store.transaction((tx) => tx.pendingRequests(1000))
    expect(pending.map((request) => request.asks)).toEqual([
      [{ role: 'operator', scopes: [...scopes].sort() }],
    ])
    const entries = await store.transaction((tx) => tx.auditEntries({ after: 0, limit: 10_000 }))
    expect(chainProblem(entries)).toBeNull()
    expect(entries.filter((entry) => entry.kind === 'silent-grant')).toHaveLength(100)
    for (const { client } of all) client.close()
    await running.close()
    remove()
  },
)

test('threat 9: ten clicks at a time on one request are one decision, and each gets the answer', async () => {
  const running = await runGateway()
  const phone = createDeviceIdentity()
  const { client, answer } = await connectAs(running.url, phone, {}, FORWARDED)
  const { requestId, digest } = answer.error?.details ?? {}
  const owners = await Promise.all(
    Array.from({ length: 10 }, () =>
      admittedAs(running.url, createDeviceIdentity(), { scopes: ['operator.admin'] }),
    ),
  )
  const clicks = await Promise.all(
    owners.map((owner) => owner.client.request('device.pair.approve', { requestId, digest })),
  )
  expect(clicks.map((click) => click.ok)).toEqual(new Array(10).fill(true))
  const listed = await owners[0]?.client.request('device.pair.list')
  const paired = listed?.payload?.paired as { deviceId: string; grants: unknown[] }[]
  expect(paired.find((one) => one.deviceId === phone.deviceId)?.grants).toHaveLength(1)
  for (const one of [...owners.map((owner) => owner.client), client]) one.close()
  await running.close()
})
