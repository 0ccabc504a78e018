import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { connectGateway, createDeviceIdentity, type GatewayConnection } from '../../lib/client/index.ts'
import { memoryStore } from '../../lib/index.ts'
import { fillLists } from '../store/long-lists.ts'
import { runGateway, type RunningGateway } from './running-gateway.ts'

let running: RunningGateway
let owner: GatewayConnection
beforeEach(async () => {
  const store = memoryStore()
  await fillLists(store, { devices: 120, requests: 30 })
  running = await runGateway({ store })
  owner = await connectGateway({
    url: running.url,
    identity: createDeviceIdentity(),
    scopes: ['operator.admin'],
  })
})
afterEach(async () => {
  owner.close()
  await running.close()
}) // prettier-ignore

type Page = {
  readonly pending: readonly { requestId: string; displayName: string; locality: { trace?: unknown } }[]
  readonly paired: readonly { deviceId: string; displayName: string; connected: boolean }[]
  readonly total: number
  readonly cursor: string | null
}
const ask = async (method: string, params: object): Promise<Page> =>
  (await owner.request(method, params)) as Page

async function all(method: string, params: object): Promise<Page[]> {
  const pages: Page[] = []
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page: Page = await ask(method, { ...params, ...(cursor === undefined ? {} : { cursor }) })
    pages.push(page)
    cursor = page.cursor
  }
  return pages
}

test('devices come in pages without gap or repetition: connected ones, then those seen last', async () => {
  const pages = await all('device.pair.devices', { limit: 50 })
  expect(pages.map(({ paired }) => paired.length)).toEqual([50, 50, 21])
  const listed = pages.flatMap(({ paired }) => paired)
  expect(listed[0]?.connected).toBe(true)
  expect(listed.slice(1).map(({ displayName }) => displayName)).toEqual(
    Array.from({ length: 120 }, (_, index) => `device ${index + 1}`),
  )
})

test('requests come oldest first, without the trace unless it is asked for', async () => {
  const pages = await all('device.pair.requests', { limit: 20 })
  expect(pages.map(({ pending, total }) => [pending.length, total])).toEqual([
    [20, 30],
    [10, 30],
  ])
  const [first] = pages[0]?.pending ?? []
  expect(first).toMatchObject({ requestId: 'r-1', displayName: 'caller 1' })
  expect(first?.locality).not.toHaveProperty('trace')
  const traced = await ask('device.pair.requests', { limit: 1, trace: true })
  expect(traced.pending[0]?.locality.trace).toHaveLength(1)
  const one = (await owner.request('device.pair.request', { requestId: 'r-1' })) as { request: object; state: string }
  expect(one).toMatchObject({ state: 'pending', request: { locality: { trace: [{}] } } })
}) // prettier-ignore

test('a search takes names and the first digits of a key, and nothing of it is a pattern', async () => {
  const found = await ask('device.pair.devices', { search: ' DEVICE 77 ' })
  expect(found.paired.map(({ displayName }) => displayName)).toEqual(['device 77'])
  const key = found.paired[0]?.deviceId ?? ''
  const spaced = key.slice(0, 16).replaceAll(/(.{4})(?=.)/g, '$1 ')
  expect((await ask('device.pair.devices', { search: spaced })).paired).toHaveLength(1)
  expect((await ask('device.pair.devices', { search: '%' })).paired).toEqual([])
  expect((await ask('device.pair.requests', { search: '198.51.0.30' })).pending).toHaveLength(1)
})

test('a cursor of somebody else’s making, and a limit beyond the pages, are refused', async () => {
  for (const params of [{ cursor: 'x' }, { cursor: '1:' }, { limit: 201 }, { limit: 0 }, { unknown: 1 }])
    await expect(owner.request('device.pair.devices', params)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
}) // prettier-ignore

test('without operator.admin a device sees itself alone, and no names of others', async () => {
  const identity = createDeviceIdentity()
  const small = await connectGateway({ url: running.url, identity, scopes: ['operator.pairing'] })
  expect(await small.request('device.pair.devices', {})).toMatchObject({
    paired: [{ deviceId: identity.deviceId }],
    cursor: null,
  })
  expect(await small.request('device.pair.requests', {})).toMatchObject({ pending: [], total: 0 })
  const [other] = (await ask('device.pair.devices', { search: 'device 5' })).paired
  const ids = [other?.deviceId, identity.deviceId]
  const { names } = (await small.request('device.pair.names', { deviceIds: ids })) as { names: object }
  expect(Object.keys(names)).toEqual([identity.deviceId])
  small.close()
})
