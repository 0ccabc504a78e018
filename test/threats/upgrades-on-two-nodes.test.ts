import { expect, jest, test } from '@jest/globals'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { connectAs, FORWARDED } from '../gateway/signed-connect.ts'
import { DATABASES } from '../nodes/shared-database.ts'
import { runGateway } from '../gateway/running-gateway.ts'
import { chainProblem } from '../pairing/chain-problem.ts'

jest.setTimeout(180_000)

test.each(DATABASES)(
  'threat 9: 100 sockets of one device on two nodes leave one grant of each scope, or one request for all, on %s',
  async (_kind, open) => {
    const database = await open()
    const limits = { unauthenticatedPerPrefix: 500, handshakeMs: 120_000 }
    const start = async () =>
      runGateway({ store: await database.open(), limits, auditKey: false, host: 'one' })
    const nodes = [await start(), await start()] as const
    const scopes = Array.from({ length: 100 }, (_, i) => `app.s${i}`)
    const near = createDeviceIdentity()
    const far = createDeviceIdentity()
    const all = await Promise.all(
      scopes.flatMap((scope, i) => {
        const { url } = nodes[i % 2 === 0 ? 0 : 1]
        const asked = { scopes: [scope] }
        return [connectAs(url, near, asked), connectAs(url, far, asked, FORWARDED)]
      }),
    )
    expect(all.filter(({ answer }) => answer.ok === true)).toHaveLength(100)
    const store = await database.open()
    const grants = await store.transaction((tx) => tx.grants(near.deviceId))
    expect(grants.flatMap((grant) => grant.scopes).sort()).toEqual([...scopes].sort())
    const pending = await store.transaction((tx) => tx.pendingRequests(1000))
    expect(pending.map(({ asks }) => asks)).toEqual([[{ role: 'operator', scopes: [...scopes].sort() }]])
    const entries = await store.transaction((tx) => tx.auditEntries({ after: 0, limit: 10_000 }))
    expect(chainProblem(entries)).toBeNull()
    for (const { client } of all) client.close()
    await store.close()
    for (const node of nodes) await node.close()
    await database.remove()
  },
)
