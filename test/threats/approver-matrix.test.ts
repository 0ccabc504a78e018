import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createDeviceIdentity, type DeviceIdentity } from '../../lib/client/index.ts'
import type { PairingStore } from '../../lib/pairing/index.ts'
import { memoryStore } from '../../lib/store/index.ts'
import { runGateway, type RunningGateway } from '../gateway/running-gateway.ts'
import { admittedAs, connectAs, FORWARDED } from '../gateway/signed-connect.ts'
import { approvedOwner, HOST, onEachStore, SHARED_SECRET } from '../pairing/on-each-store.ts'
import type { Authority } from '../../lib/pairing/index.ts'

/** Approvers by what they hold, and how. */
const APPROVERS: Readonly<Record<string, string[]>> = {
  nothing: [],
  read: ['operator.read'],
  write: ['operator.write'],
  pairing: ['operator.pairing'],
  'pairing and photos': ['operator.pairing', 'photos.read'],
  admin: ['operator.admin'],
  'admin and photos': ['operator.admin', 'photos.read'],
}
const REQUESTS: Readonly<Record<string, string[]>> = {
  nothing: [],
  read: ['operator.read'],
  admin: ['operator.admin'],
  photos: ['photos.read'],
  'read and photos': ['operator.read', 'photos.read'],
}

/** Said once more, apart from the code: an admin gives operator scopes, and others only when it holds them. */
const may = (approver: string, request: string): boolean =>
  approver.startsWith('admin') && (!request.includes('photos') || approver.includes('photos'))

onEachStore('threat 4: who may approve what', {}, (bench) => {
  const cells = Object.keys(APPROVERS).flatMap((approver) => Object.keys(REQUESTS).map((request) => [approver, request] as const)) // prettier-ignore

  test.each(cells)('with %s a request for %s', async (approver, request) => {
    const scopes = APPROVERS[approver] ?? []
    const approvers: Authority[] = [
      await bench.fixture.owner('silent', scopes),
      await approvedOwner(bench.fixture, 'approved', scopes),
      { ...SHARED_SECRET, scopes },
    ]
    for (const [i, authority] of approvers.entries()) {
      const { id: requestId, deviceId } = await bench.fixture.request(`phone ${i}`, 'operator', REQUESTS[request] ?? []) // prettier-ignore
      const answer = await bench.fixture.service.approve(authority, { requestId }).then(
        () => true,
        () => false,
      )
      const grants = await bench.store.transaction((tx) => tx.grants(deviceId))
      expect([i, answer, grants.length]).toEqual([i, may(approver, request), may(approver, request) ? 1 : 0])
      // From elsewhere what was given silently is worth nothing.
      if (i === 0) {
        const { id } = await bench.fixture.request('other', 'operator', [])
        const elsewhere = { ...authority, silentHonoured: false } as Authority
        await expect(bench.fixture.service.approve(elsewhere, { requestId: id })).rejects.toThrow()
        await bench.fixture.service.reject(HOST, id)
      }
    }
  })

  test('nobody approves itself, by whatever role and connection', async () => {
    const admin = await approvedOwner(bench.fixture, 'admin', ['operator.admin', 'photos.read'])
    await bench.fixture.connect('admin', 'node', [])
    for (const [role, scopes] of [
      ['node', ['camera.snap']],
      ['operator', ['more.scopes']],
    ] as const) {
      const { id: requestId } = await bench.fixture.request('admin', role, [...scopes])
      await expect(bench.fixture.service.approve(admin, { requestId })).rejects.toMatchObject({
        details: { code: 'SELF_APPROVAL' },
      })
    }
  })
})

describe('threat 4: over real sockets', () => {
  let running: RunningGateway
  let store: PairingStore
  beforeEach(async () => {
    store = memoryStore()
    running = await runGateway({ store })
  })
  afterEach(() => running.close())

  const admin = async (identity: DeviceIdentity) =>
    (await admittedAs(running.url, identity, { scopes: ['operator.admin'] })).client
  const knock = async (identity: DeviceIdentity): Promise<Record<string, unknown>> => {
    const { client, answer } = await connectAs(running.url, identity, {}, FORWARDED)
    client.close()
    const { requestId, digest } = answer.error?.details ?? {}
    return { requestId, digest }
  }

  test.each([
    ['is removed', 'device.pair.remove', (deviceId: string) => ({ deviceId })],
    ['is cut down', 'device.token.rotate', (deviceId: string) => ({ deviceId, role: 'operator', scopes: ['operator.read'] })], // prettier-ignore
    ['has its token revoked', 'device.token.revoke', (deviceId: string) => ({ deviceId, role: 'operator' })],
    ['loses its silent grants', 'device.grants.undo', () => ({ sinceMs: 0 })],
  ])('an approver that %s between the page and the click approves nothing', async (_what, method, params) => {
    const identity = createDeviceIdentity()
    const phone = createDeviceIdentity()
    const shown = await knock(phone)
    const approver = await admin(identity)
    expect(await approver.request('device.pair.list')).toMatchObject({ ok: true })
    const other = await admin(createDeviceIdentity())
    const demoted = other.request(method, params(identity.deviceId)).catch(() => undefined)
    const click = approver.request('device.pair.approve', shown).then(
      (answer) => answer.ok,
      () => false,
    )
    await demoted
    expect(await click).toBe(false)
    expect((await approver.closed).code).toBe(4001)
    expect(await store.transaction((tx) => tx.grants(phone.deviceId))).toEqual([])
    expect(await store.transaction((tx) => tx.pendingRequestOf(phone.deviceId))).not.toBeNull()
    other.close()
  })

  test('an approver that is demoted in the store alone, as by another node, approves nothing', async () => {
    const identity = createDeviceIdentity()
    const phone = createDeviceIdentity()
    const shown = await knock(phone)
    const approver = await admin(identity)
    await store.transaction(async (tx) => {
      for (const grant of await tx.grants(identity.deviceId))
        await tx.putGrant({ ...grant, scopes: ['operator.pairing'] })
    })
    for (const method of ['device.pair.approve', 'device.pair.reject', 'device.pair.ignore'])
      expect((await approver.request(method, method.endsWith('approve') ? shown : { requestId: shown.requestId })).error).toMatchObject({ code: 'FORBIDDEN' }) // prettier-ignore
    expect(await store.transaction((tx) => tx.grants(phone.deviceId))).toEqual([])
    approver.close()
  })
})
