import { afterEach, expect, jest, test } from '@jest/globals'
import { dpopProof } from '../../lib/client/index.ts'
import { closeApis, serveApi } from '../admin/api/api-fixture.ts'
import { DATABASES } from './shared-database.ts'

jest.setTimeout(120_000)
afterEach(closeApis)

test.each(DATABASES)(
  'a proof that one gateway has seen is worth nothing at another, on %s',
  async (kind, open) => {
    const database = await open()
    const a = await serveApi({ store: await database.open(), auditKey: false })
    const b = await serveApi({ store: await database.open(), auditKey: false })
    const device = await a.approved(['operator.admin'])
    const { identity, token } = device
    const proof = await dpopProof({ identity, method: 'GET', url: a.url('/devices'), token })
    // As a balancer does, which has one name for both.
    const headers = { Authorization: `DPoP ${token}`, DPoP: proof, Host: `127.0.0.1:${a.port}` }
    await a.call('GET', '/devices', undefined, headers).expect(200)
    const { body } = await b.call('GET', '/devices', undefined, headers).expect(401)
    // On one file a gateway that has just come takes no proof that the other may not have noted.
    expect(body.code).toBe(kind === 'SQLite' ? 'DPOP_PROOF_EXPIRED' : 'DPOP_REPLAYED')
    if (kind !== 'SQLite') expect((await b.as(device, 'GET', '/devices')).status).toBe(200)
    await closeApis()
    await database.remove()
  },
)
