import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { RawClient } from './raw-client.ts'
import { runGateway, type RunningGateway } from './running-gateway.ts'
import { signedConnect } from './signed-connect.ts'

let running: RunningGateway
beforeAll(async () => {
  running = await runGateway()
})
afterAll(() => running.close())

describe('the challenge', () => {
  test('comes first, unasked, with a nonce, the time and the id of the gateway', async () => {
    const client = new RawClient(running.url)
    const frame = await client.next()
    expect(frame).toEqual({
      type: 'event',
      event: 'connect.challenge',
      payload: {
        nonce: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f-]{27}$/) as unknown,
        ts: expect.any(Number) as unknown,
        verification: { commitment: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/) },
        gatewayId: running.gateway.id,
      },
    })
    client.close()
  })

  test('has another nonce for every connection', async () => {
    const clients = Array.from({ length: 5 }, () => new RawClient(running.url))
    const nonces = await Promise.all(clients.map((client) => client.challenge()))
    expect(new Set(nonces).size).toBe(5)
    for (const client of clients) client.close()
  })
})

describe('a first frame that is not connect', () => {
  test.each<[string, string | Buffer, RegExp]>([
    ['no JSON', 'hello', /JSON text/],
    ['nothing', '', /JSON text/],
    ['binary', Buffer.from('{"type":"req","id":"1","method":"connect"}'), /JSON text/],
    ['too deep', '['.repeat(5000), /JSON text/],
    ['an array', '[]', /JSON object/],
    ['null', 'null', /JSON object/],
    ['a number', '7', /JSON object/],
    ['no id', '{"type":"req","method":"connect"}', /id/],
    ['an id that is a number', '{"type":"req","id":1,"method":"connect"}', /id/],
  ])('%s: closed with 1008 and no answer', async (_what, data, reason) => {
    const client = new RawClient(running.url)
    await client.challenge()
    client.send(data)
    await expect(client.next()).rejects.toThrow('closed: 1008')
    expect((await client.closed).reason).toMatch(reason)
  })

  test.each<[string, object, RegExp]>([
    ['another type', { type: 'res', id: '1', ok: true }, /type/],
    ['no method', { type: 'req', id: '1' }, /method/],
    ['another method', { type: 'req', id: '1', method: 'health' }, /first request must be connect/],
    ['connect without params', { type: 'req', id: '1', method: 'connect' }, /params/],
    ['connect with a list', { type: 'req', id: '1', method: 'connect', params: [] }, /params/],
  ])('%s: answered INVALID_REQUEST, then closed with 1008', async (_what, frame, message) => {
    const client = new RawClient(running.url)
    await client.challenge()
    client.send(frame)
    expect(await client.next()).toEqual({
      type: 'res',
      id: '1',
      ok: false,
      error: { code: 'INVALID_REQUEST', message: expect.stringMatching(message) as unknown },
    })
    expect((await client.closed).code).toBe(1008)
  })

  test('invalid UTF-8 is closed with 1007 and ends nothing else', async () => {
    const client = new RawClient(running.url)
    await client.challenge()
    client.socket.send(Buffer.from([0xff, 0xfe]), { binary: false })
    expect((await client.closed).code).toBe(1007)
  })
})

describe('the range of protocols', () => {
  const identity = createDeviceIdentity()
  const offer = async (minProtocol: number, maxProtocol: number): Promise<RawClient> => {
    const client = new RawClient(running.url)
    const nonce = await client.challenge()
    const params = signedConnect(identity, nonce, { minProtocol, maxProtocol })
    client.send({ type: 'req', id: '1', method: 'connect', params })
    return client
  }

  test.each([
    [3, 3, 3],
    [4, 4, 4],
    [3, 4, 4],
    [1, 3, 3],
    [1, 999, 4],
    [4, 9, 4],
  ])('%i to %i: %i is spoken', async (min, max, spoken) => {
    const client = await offer(min, max)
    expect(await client.next()).toMatchObject({ ok: true, payload: { protocol: spoken } })
    client.close()
  })

  test.each([
    [1, 2],
    [5, 9],
    [4, 3],
    [9, 1],
  ])('%i to %i: refused with what would do, closed with 1002', async (min, max) => {
    const client = await offer(min, max)
    expect((await client.next()).error).toEqual({
      code: 'INVALID_REQUEST',
      message: 'protocol mismatch',
      details: {
        code: 'PROTOCOL_MISMATCH',
        clientMinProtocol: min,
        clientMaxProtocol: max,
        expectedProtocol: 4,
      },
    })
    expect(await client.closed).toEqual({ code: 1002, reason: 'protocol mismatch' })
  })
})
