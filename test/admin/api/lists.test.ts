import { createHash, randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { memoryStore } from '../../../lib/index.ts'
import type { PairingStore } from '../../../lib/pairing/index.ts'
import { sampleDevice, sampleGrant, sampleRequest } from '../../store/samples.ts'
import { closeApis, serveApi, type Api, type ApiResponse } from './api-fixture.ts'

const idOf = (n: number) => createHash('sha256').update(`device ${n}`).digest('hex')

let api: Api
let store: PairingStore
beforeEach(async () => {
  store = memoryStore()
  api = await serveApi({ store })
})
afterEach(closeApis)

async function fill(devices: number, requests: number): Promise<void> {
  await store.transaction(async (tx) => {
    for (let n = 0; n < devices; n += 1) {
      const role = n % 10 === 0 ? 'node' : 'operator'
      await tx.putDevice({
        ...sampleDevice(idOf(n)),
        label: n === 7 ? 'Küche' : null,
        displayName: `Tool ${n}`,
      })
      await tx.putGrant({ ...sampleGrant(idOf(n)), id: randomUUID(), role })
    }
    for (let n = 0; n < requests; n += 1) {
      const createdAtMs = Date.now() + Math.floor(n / 3)
      await tx.putRequest(
        sampleRequest(randomUUID(), idOf(n), {
          createdAtMs,
          expiresAtMs: Date.now() + 1e6,
          state: 'pending',
        }),
      )
    }
  })
}

/** Follows the links, as a client does, and notes each page. */
async function walk(path: string, name: string): Promise<{ ids: string[]; sizes: number[] }> {
  const ids: string[] = []
  const sizes: number[] = []
  let next: string | undefined = path
  while (next !== undefined) {
    const { body, headers }: ApiResponse = await api.call('GET', next).expect(200)
    const items = body[name] as { deviceId?: string; requestId?: string; seq?: number }[]
    ids.push(...items.map((item) => String(item.requestId ?? item.deviceId ?? item.seq)))
    sizes.push(items.length)
    const link: string | undefined = /^<\/gateway\/api(.+)>; rel="next"$/.exec(headers.link ?? '')?.[1]
    expect(body.next === null).toBe(link === undefined)
    if (link !== undefined) expect(new URLSearchParams(link.split('?')[1]).get('cursor')).toBe(body.next)
    next = link
  }
  return { ids, sizes }
}

describe('pages', () => {
  test('of devices hold each once, in the order of their ids', async () => {
    await fill(250, 0)
    const { ids, sizes } = await walk('/devices', 'devices')
    expect(sizes).toEqual([100, 100, 50])
    expect(ids).toEqual(Array.from({ length: 250 }, (_, n) => idOf(n)).sort())
    expect((await walk('/devices?limit=125', 'devices')).sizes).toEqual([125, 125])
  })

  test('of requests hold each once, oldest first', async () => {
    await fill(0, 40)
    const { ids, sizes } = await walk('/requests?limit=15', 'requests')
    expect(sizes).toEqual([15, 15, 10])
    expect(new Set(ids).size).toBe(40)
    const { body } = await api.call('GET', '/requests')
    expect((body.requests as { requestId: string }[]).map(({ requestId }) => requestId)).toEqual(ids)
  })

  test('of the audit log, of invitations and of ignored keys', async () => {
    for (let n = 0; n < 5; n += 1) await api.call('POST', '/invites', { scopes: [] }).expect(201)
    expect(await walk('/audit?limit=2', 'entries')).toEqual({
      ids: ['1', '2', '3', '4', '5'],
      sizes: [2, 2, 1],
    })
    expect((await walk('/invites?limit=3', 'invites')).sizes).toEqual([3, 2])
    await store.transaction(async (tx) => {
      for (let n = 0; n < 3; n += 1)
        await tx.putIgnored({ deviceId: idOf(n), displayName: null, ignoredBy: 'host', ignoredAtMs: 1 })
    })
    expect((await walk('/ignored?limit=2', 'ignored')).sizes).toEqual([2, 1])
  })

  test('go on where they were although what they ended with is gone', async () => {
    await fill(9, 0)
    const { body } = await api.call('GET', '/devices?limit=4')
    const last = (body.devices as { deviceId: string }[])[3]?.deviceId ?? ''
    await api.call('DELETE', `/devices/${last}`).expect(204)
    const rest = await api.call('GET', `/devices?cursor=${String(body.next)}`)
    expect(rest.body.devices).toHaveLength(5)
  })

  test('are not of another list, nor made up', async () => {
    await fill(3, 0)
    const { next } = (await api.call('GET', '/devices?limit=1')).body as { next: string }
    for (const path of [
      `/requests?cursor=${next}`,
      '/audit?cursor=WyJhdWRpdCIsLTFd',
      '/devices?cursor=WyJkZXZpY2VzIiw3XQ',
    ])
      expect((await api.call('GET', path).expect(400)).body.code).toBe('CURSOR_INVALID')
  })
})

test('devices are filtered by name, role and connection', async () => {
  await fill(40, 0)
  const found = async (query: string) => (await walk(`/devices?${query}`, 'devices')).ids
  expect(await found('name=k%C3%BCCHE')).toEqual([idOf(7)])
  expect(await found('name=tool%203&limit=2')).toEqual(
    [3, ...Array.from({ length: 10 }, (_, n) => 30 + n)].map(idOf).sort(),
  )
  expect((await found('role=node&limit=2')).sort()).toEqual([0, 10, 20, 30].map(idOf).sort())
  const { identity, client } = await api.pair(['operator.read'])
  expect(await found('connected=true')).toEqual([identity.deviceId])
  expect(await found('connected=false')).toHaveLength(40)
  expect(await found('connected=true&role=node')).toEqual([])
  client.close()
})

test('ten thousand devices and a thousand requests are read page by page', async () => {
  await fill(10_000, 1000)
  let largest = 0
  const transaction = store.transaction.bind(store)
  store.transaction = (work) =>
    transaction((tx) => {
      let read = 0
      const devices = async (page: { after?: string | undefined; limit: number }) => {
        const found = await tx.devices(page)
        read += found.length
        largest = Math.max(largest, read)
        return found
      }
      return work({ ...tx, devices })
    })
  expect((await api.call('GET', '/devices').expect(200)).body.devices).toHaveLength(100)
  expect(largest).toBeLessThanOrEqual(102)
  expect((await api.call('GET', '/requests?limit=1000').expect(200)).body.requests).toHaveLength(1000)
  // Nobody is called so: looked for a part at a time, and the client goes on.
  const { body } = await api.call('GET', '/devices?name=nobody').expect(200)
  expect([body.devices, typeof body.next]).toEqual([[], 'string'])
  expect(largest).toBeLessThanOrEqual(2600)
})
