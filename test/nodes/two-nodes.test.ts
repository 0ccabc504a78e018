import { expect, jest, test } from '@jest/globals'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { until } from '../gateway/running-gateway.ts'
import { admittedAs, connectAs, FORWARDED } from '../gateway/signed-connect.ts'
import { onTwoGateways, type Node } from './two-gateways.ts'

jest.setTimeout(120_000)

const ADMIN = { scopes: ['operator.admin'] }
const ownerOn = async (node: Node) => (await admittedAs(node.url, createDeviceIdentity(), ADMIN)).client

onTwoGateways('two nodes', (nodes) => {
  test('see each other’s events, decide for each other, and tell each event once', async () => {
    const { a, b } = nodes
    const owner = await ownerOn(b)
    const other = await ownerOn(a)
    const phone = createDeviceIdentity()
    const { answer } = await connectAs(a.url, phone, {}, FORWARDED)
    const { requestId, digest } = answer.error?.details ?? {}
    const seen = await owner.event('device.pair.requested')
    expect(seen.payload).toMatchObject({ requestId, deviceId: phone.deviceId })
    expect(await owner.request('device.pair.approve', { requestId, digest })).toMatchObject({ ok: true })
    expect((await other.event('device.pair.resolved')).payload).toMatchObject({
      requestId,
      decision: 'approved',
    })
    const { client } = await admittedAs(a.url, phone, {}, FORWARDED)
    const kinds = (node: Node): string[] => node.told.map(({ kind }) => kind)
    await until(() => kinds(b).includes('resolved'))
    expect(kinds(a)).toEqual(['granted', 'requested'])
    expect(kinds(b)).toEqual(['granted', 'resolved'])
    client.close()
    other.close()
    owner.close()
  })

  test('tell in the order of the commits, whoever made them', async () => {
    const { a, b } = nodes
    const owners = [await ownerOn(a), await ownerOn(b)]
    const made: string[] = []
    for (let i = 0; i < 12; i += 1) {
      const node = i % 3 === 0 ? b : a
      const { client, answer } = await connectAs(node.url, createDeviceIdentity(), {}, { 'X-Forwarded-For': `203.0.113.${i}` }) // prettier-ignore
      made.push(String(answer.error?.details?.requestId))
      client.close()
    }
    for (const owner of owners)
      for (const requestId of made)
        expect((await owner.event('device.pair.requested')).payload?.requestId).toBe(requestId)
    for (const owner of owners) owner.close()
  })

  test('show who is connected to the other', async () => {
    const { a, b } = nodes
    const owner = await ownerOn(b)
    const tool = createDeviceIdentity()
    const { client } = await admittedAs(a.url, tool)
    const isConnected = async (method: string): Promise<unknown> => {
      const listed = await owner.request(method)
      const paired = listed.payload?.paired as { deviceId: string; connected: boolean }[]
      return paired.find(({ deviceId }) => deviceId === tool.deviceId)?.connected
    }
    // The command line asks for the one, the console for the other.
    const methods = ['device.pair.list', 'device.pair.devices']
    for (const method of methods) await until(async () => (await isConnected(method)) === true)
    client.close()
    for (const method of methods) await until(async () => (await isConnected(method)) === false)
    owner.close()
  })

  test('honour what was paired silently on the host where it was, and nowhere else', async () => {
    const { a, b } = nodes
    const tool = createDeviceIdentity()
    const grants = async () => {
      const listed = await owner.request('device.pair.list')
      const paired = listed.payload?.paired as { deviceId: string; grants: { host: string }[] }[]
      return paired.find(({ deviceId }) => deviceId === tool.deviceId)?.grants.map(({ host }) => host)
    }
    const owner = await ownerOn(a)
    for (const node of [a, a, b, b]) (await admittedAs(node.url, tool)).client.close()
    // Local to both, it was given the same on each.
    expect((await grants())?.sort()).toEqual(['host-a', 'host-b'])
    const closed = await nodes.start({ host: 'host-c', silent: { mode: 'never' } })
    const { answer } = await connectAs(closed.url, tool)
    expect(answer.error?.details).toMatchObject({ code: 'PAIRING_REQUIRED', reason: 'not-paired' })
    const twin = await nodes.start({ host: 'host-a', silent: { mode: 'never' } })
    ;(await admittedAs(twin.url, tool)).client.close()
    owner.close()
  })

  test('are tainted together', async () => {
    const { a, b } = nodes
    const owner = await ownerOn(a)
    const set = await owner.request('locality.taint.set', { why: 'a probe came in looking local' })
    expect(set).toMatchObject({ ok: true })
    await until(async () => (await connectAs(b.url, createDeviceIdentity())).answer.ok === false)
    expect(await owner.request('locality.taint.clear')).toMatchObject({ ok: true })
    await until(async () => (await connectAs(b.url, createDeviceIdentity())).answer.ok === true)
    owner.close()
  })

  test('a node that has missed what is not kept any more ends its sessions', async () => {
    const { a, b } = nodes
    const { client } = await admittedAs(b.url, createDeviceIdentity())
    const owner = await ownerOn(a)
    b.store.cut('unreachable')
    const store = await nodes.database.open()
    await store.transaction(async (tx) => {
      for (let i = 0; i < 3; i += 1) await tx.addEvent({ atMs: Date.now(), node: 'n', payload: '{}' })
      const seq = await tx.lastEventSeq()
      await tx.deleteEvents({ upTo: seq, beforeMs: Number.MAX_SAFE_INTEGER })
      await tx.putSetting('events-swept', String(seq - 1))
    })
    b.store.cut(null)
    expect(await client.closed).toEqual({ code: 1012, reason: 'the gateway has missed decisions' })
    await store.close()
    owner.close()
  })

  test('what a killed node has committed is told by another, and its connections are forgotten', async () => {
    const { a } = nodes
    const store = await nodes.database.open()
    const deviceId = 'd'.repeat(64)
    await store.transaction(async (tx) => {
      const toldSeq = await tx.lastEventSeq()
      await tx.putNode({ id: 'killed', host: 'host-a', pid: 2 ** 22 + 1, beat: 7, toldSeq, heir: null })
      await tx.addPresence('killed', [deviceId])
      await tx.addEvent({ atMs: 1, node: 'killed', payload: JSON.stringify({ kind: 'removed', deviceId }) })
    })
    const all = (): unknown[] => [...a.told, ...nodes.b.told].filter(({ kind }) => kind === 'removed')
    await until2(() => all().length > 0)
    await until2(async () => {
      const ids = (await store.transaction((tx) => tx.nodes())).map(({ id }) => id)
      return !ids.includes('killed')
    })
    expect(all()).toEqual([{ kind: 'removed', deviceId }])
    expect(await store.transaction((tx) => tx.isPresent(deviceId, ''))).toBe(false)
    await store.close()
  })
})

/** Several beats, not one. */
async function until2(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await until(condition)
      return
    } catch (error) {
      if (tries >= 8) throw error
    }
  }
}
