import { afterEach, describe, expect, test } from '@jest/globals'
import request from 'supertest'
import { asLocal, fromPeer, testDevice, testGateway, via, type TestGateway, type TestGatewayOptions } from '../../lib/testing/index.ts' // prettier-ignore

let gateway: TestGateway
const open = async (options?: TestGatewayOptions): Promise<TestGateway> => {
  gateway = await testGateway(options)
  gateway.gateway.method('notes.list', { scope: 'operator.read' }, () => ['water the plants'])
  gateway.gateway.method('notes.add', { scope: 'operator.write' }, () => 'added')
  return gateway
}
afterEach(async () => gateway.close())

describe('a scripted device', () => {
  test('on this machine is paired silently and calls', async () => {
    await open()
    const device = await testDevice(gateway)
    const { hello } = await device.next('hello')
    expect(hello.auth.scopes).toEqual(['operator.read'])
    expect(await device.call('notes.list')).toEqual(['water the plants'])
    await expect(device.call('notes.add')).rejects.toMatchObject({ code: 'FORBIDDEN' })
    await device.connect({ scopes: ['operator.write'] })
    expect(await device.call('notes.add')).toBe('added')
  })

  test('from elsewhere waits, is approved, connects, and is thrown out', async () => {
    await open()
    const device = await testDevice(gateway, { from: '203.0.113.7', name: 'phone' })
    const { error } = await device.next('pairing-required')
    expect(error).toMatchObject({
      reason: 'not-paired',
      verificationCode: expect.stringMatching(/^\d{4}-\d{4}$/),
    })
    expect(await device.next('closed')).toMatchObject({
      code: 1008,
      reason: expect.stringContaining('pairing required'),
    })
    expect(await gateway.requests()).toMatchObject([
      { id: error.requestId, fromAddress: '203.0.113.7', displayName: 'phone' },
    ])
    await gateway.approve(device)
    expect(await device.next('approved')).toEqual({ kind: 'approved', requestId: error.requestId })
    await device.next('hello')
    expect(await device.call('notes.list')).toEqual(['water the plants'])
    await gateway.remove(device)
    expect(await device.next('closed')).toMatchObject({ code: 4001 })
    expect(gateway.events.map(({ kind }) => kind)).toEqual(['requested', 'resolved', 'removed'])
    expect(await gateway.devices()).toEqual([])
  })

  test('is rejected, or nobody decides in time', async () => {
    await open()
    const one = await testDevice(gateway, { from: via('203.0.113.7', '192.0.2.1') })
    const two = await testDevice(gateway, { from: '2001:db8::1' })
    await gateway.reject(one)
    await one.next('rejected')
    await gateway.clock.advance(5 * 60_000 + 1)
    await two.next('expired')
    expect(await gateway.requests()).toEqual([])
  })

  test('is refused with its reason: a secret, a role, a page', async () => {
    await open({ auth: { mode: 'token', token: 'correct-horse-battery' } })
    const without = await testDevice(gateway)
    expect((await without.next('refused')).error.message).toContain('unauthorized')
    const given = await testDevice(gateway, { auth: { token: 'correct-horse-battery' } })
    await given.next('hello')
    const page = await testDevice(gateway, { headers: { Origin: 'https://evil.example' } })
    expect((await page.next('unreachable')).error.message).toContain('403')
  })

  test('silent grants do not count from elsewhere', async () => {
    await open()
    const device = await testDevice(gateway)
    await device.next('hello')
    await device.connect({ from: '203.0.113.7' })
    expect((await device.next('pairing-required')).error.reason).toBe('remote-use')
  })

  test('a grant for a time ends with the clock', async () => {
    await open()
    const device = await testDevice(gateway, { from: '203.0.113.7' })
    await gateway.approve(device, { expiresInMs: 60_000 })
    await device.next('hello')
    await gateway.clock.advance(60_001)
    await device.connect()
    await device.next('pairing-required')
    await device.next('pairing-required')
  })
})

describe('what a test is told', () => {
  test('what was waited for, and what came instead', async () => {
    await open()
    const device = await testDevice(gateway, { from: '203.0.113.7', name: 'phone' })
    await device.next('closed')
    await expect(device.next('hello', { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'TEST_FAILED',
      message:
        'device phone: waited 50 ms for "hello", which did not come. What happened: pairing-required: pairing ' +
        'required: this device is not approved yet; closed 1008 ' +
        `${(await gateway.requests()).map(({ id }) => `pairing required: this device is not approved yet (requestId: ${id})`).join('')} (asked for before).`,
    })
    await expect(async () => device.next('helo' as never)).rejects.toThrow(
      'expected one of hello, pairing-required',
    )
  })

  test('that nothing waits', async () => {
    await open()
    const device = await testDevice(gateway)
    await expect(gateway.approve(device)).rejects.toThrow(
      /nothing of [0-9a-f]{8}… waits for the owner; nobody waits/,
    )
    await expect(gateway.clock.advance(-1)).rejects.toThrow('expected milliseconds')
    await expect(testDevice(gateway, { form: '203.0.113.7' } as never)).rejects.toThrow('did you mean from?')
  })
})

describe('the gateway', () => {
  test('serves its routes, its API and supertest', async () => {
    await open()
    const response = await request(asLocal(gateway.server)).get('/gateway/whoami').expect(200)
    expect(response.body).toMatchObject({ isLocal: true, gatewayId: gateway.gateway.id })
    await request(asLocal(gateway.server)).get('/gateway/api/openapi.json').expect(200)
    await request(fromPeer(gateway.server, '203.0.113.7')).get('/gateway/api/devices').expect(401)
    await request(asLocal(gateway.server)).get('/elsewhere').expect(404)
  })

  test('takes the options of createGateway, and no clock', async () => {
    await open({ silent: { mode: 'never' } })
    await (await testDevice(gateway)).next('pairing-required')
    await expect(testGateway({ clock: { now: () => 0 } } as never)).rejects.toThrow('clock of its own')
    await expect(testGateway({ silnt: {} } as never)).rejects.toThrow('did you mean silent?')
  })

  test('can be closed twice, with devices that are connected', async () => {
    await open()
    const device = await testDevice(gateway)
    await device.next('hello')
    await Promise.all([gateway.close(), gateway.close()])
    await expect(device.call('notes.list')).rejects.toMatchObject({ code: 'CLOSED' })
  })
})
