import { afterEach, expect, jest, test } from '@jest/globals'
import { closeApis, serveApi, type Api, type ApiResponse } from '../admin/api/api-fixture.ts'
import { DATABASES } from './shared-database.ts'

jest.setTimeout(120_000)
afterEach(closeApis)

test.each(DATABASES)(
  'a decision is made once when its Idempotency-Key comes to two gateways, on %s',
  async (_kind, open) => {
    const database = await open()
    const start = async (host: string): Promise<Api> =>
      serveApi({ store: await database.open(), auditKey: false, host, limits: { pollMs: 100 } })
    const [a, b] = [await start('host-a'), await start('host-b')]
    const key = (name: string) => ({ 'Idempotency-Key': name })
    const ask = (api: Api, path: string, body: object, name: string) =>
      api.call('POST', path, body, key(name))
    const decided = async (kind: string, deviceId: string): Promise<number> => {
      const entries: { kind: string; deviceId: string | null }[] = []
      for (let page = '?limit=200'; page !== '';) {
        const { body } = await a.call('GET', `/audit${page}`).expect(200)
        entries.push(...(body.entries as typeof entries))
        page = body.next === null ? '' : `?limit=200&cursor=${String(body.next)}`
      }
      return entries.filter((entry) => entry.kind === kind && entry.deviceId === deviceId).length
    }
    const bodies = (answers: readonly ApiResponse[]): Set<string> =>
      new Set(answers.map(({ body }) => JSON.stringify(body)))

    // One after the other, and at the same time.
    const first = await a.waiting()
    const approve = `/requests/${first.requestId}/approve`
    const asked = await ask(a, approve, { digest: first.digest }, 'one').expect(200)
    const again = await ask(b, approve, { digest: first.digest }, 'one').expect(200)
    expect(bodies([asked, again]).size).toBe(1)
    expect(await decided('request-approved', first.identity.deviceId)).toBe(1)

    const second = await b.waiting()
    const both = await Promise.all(
      [a, b, a, b].map((api) =>
        ask(api, `/requests/${second.requestId}/approve`, { digest: second.digest }, 'two'),
      ),
    )
    // The second one at the same gateway may be told to ask again.
    const done = both.filter(({ status }) => status !== 409)
    expect(done.map(({ status }) => status)).toEqual(done.map(() => 200))
    expect(done.length).toBeGreaterThanOrEqual(2)
    expect(bodies(done).size).toBe(1)
    expect(await decided('request-approved', second.identity.deviceId)).toBe(1)

    // One approves and the other one rejects: one of them is too late, and the device holds what the log says.
    const third = await a.waiting()
    const path = `/requests/${third.requestId}`
    const [approved, rejected] = await Promise.all([
      ask(a, `${path}/approve`, { digest: third.digest }, 'three'),
      ask(b, `${path}/reject`, { reason: 'no' }, 'three'),
    ])
    expect([approved.status, rejected.status].sort()).toEqual([200, 409])
    const count = approved.status === 200 ? 1 : 0
    expect(await decided('request-approved', third.identity.deviceId)).toBe(count)
    expect(await decided('request-rejected', third.identity.deviceId)).toBe(1 - count)
    expect((await b.call('GET', `/devices/${third.identity.deviceId}`)).status).toBe(count === 1 ? 200 : 404)

    await closeApis()
    await database.remove()
  },
)
