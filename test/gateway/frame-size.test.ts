import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { RawClient } from './raw-client.ts'
import { runGateway, type RunningGateway } from './running-gateway.ts'
import { admittedAs, signedConnect } from './signed-connect.ts'

const KIB = 1024
let running: RunningGateway
beforeAll(async () => {
  running = await runGateway()
})
afterAll(() => running.close())

/** A frame of exactly `bytes` bytes. */
function padded(frame: object, bytes: number): string {
  const empty = JSON.stringify({ ...frame, pad: '' }).length
  return JSON.stringify({ ...frame, pad: 'x'.repeat(bytes - empty) })
}

const health = { type: 'req', id: 'h', method: 'health' }

describe('before hello-ok', () => {
  test('16 KiB are read', async () => {
    const client = new RawClient(running.url)
    const params = signedConnect(createDeviceIdentity(), await client.challenge())
    client.send(padded({ type: 'req', id: 'c', method: 'connect', params }, 16 * KIB))
    expect(await client.next()).toMatchObject({ id: 'c', ok: true })
    client.close()
  })

  test('one byte more is closed with 1009, unread: it was not even JSON', async () => {
    const client = new RawClient(running.url)
    await client.challenge()
    client.send('{'.repeat(16 * KIB + 1))
    await expect(client.next()).rejects.toThrow('closed: 1009')
  })

  test('a length that is only announced is refused too', async () => {
    const client = new RawClient(running.url)
    await client.challenge()
    client.socket.send('x'.repeat(16 * KIB), { fin: false })
    client.socket.send('x', { fin: true })
    expect((await client.closed).code).toBe(1009)
  })

  test('a message in many tiny fragments is refused', async () => {
    const client = new RawClient(running.url)
    await client.challenge()
    for (let i = 0; i < 1000; i += 1) client.socket.send('x', { fin: false })
    expect((await client.closed).code).toBe(1008)
  })

  test('compression is not offered', async () => {
    const client = new RawClient(running.url)
    await client.challenge()
    expect(client.socket.extensions).toBe('')
    client.close()
  })
})

describe('after hello-ok', () => {
  test('1 MiB is read', async () => {
    const { client } = await admittedAs(running.url, createDeviceIdentity())
    client.send(padded(health, 1024 * KIB))
    expect(await client.next()).toMatchObject({ id: 'h', ok: true })
    client.close()
  })

  test('one byte more is closed with 1009', async () => {
    const { client } = await admittedAs(running.url, createDeviceIdentity())
    client.send(padded(health, 1024 * KIB + 1))
    await expect(client.next()).rejects.toThrow('closed: 1009')
  })

  test.each<[string, string | Buffer]>([
    ['no JSON', 'x'],
    ['binary', Buffer.from('{}')],
    ['too deep', '['.repeat(65)],
    ['no id', '{"type":"req","method":"health"}'],
    ['a list', '[]'],
  ])('%s is closed with 1008, and what follows is not carried out', async (what, data) => {
    let called = false
    const method = `never${what.replaceAll(' ', '-')}`
    running.gateway.method(method, { scope: null }, () => (called = true))
    const { client } = await admittedAs(running.url, createDeviceIdentity())
    client.send(data)
    client.send({ type: 'req', id: 'n', method })
    expect((await client.closed).code).toBe(1008)
    expect(called).toBe(false)
  })

  test('a request whose method is wrong is answered and the connection stays', async () => {
    const { client } = await admittedAs(running.url, createDeviceIdentity())
    client.send({ type: 'req', id: 'm', method: 7 })
    expect(await client.next()).toMatchObject({ id: 'm', ok: false, error: { code: 'INVALID_REQUEST' } })
    expect(await client.request('health')).toMatchObject({ ok: true })
    client.close()
  })
})
