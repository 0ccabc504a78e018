import { once } from 'node:events'
import type { Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { createDeviceIdentity } from '../../../lib/client/index.ts'
import { RawClient } from '../raw-client.ts'
import { readToEnd, readUntil, tcp, upgradeText } from '../raw-upgrade.ts'
import { runGateway, type RunningGateway } from '../running-gateway.ts'
import { admittedAs, signedConnect } from '../signed-connect.ts'

const KIB = 1024
const MILLION = 1_000_000

let running: RunningGateway
beforeAll(async () => {
  running = await runGateway({ limits: { authFailures: 1_000_000 } })
})
afterAll(() => running.close())
// Whatever was sent, the next client is served, and no prototype was touched.
afterEach(async () => {
  jest.restoreAllMocks()
  expect(Object.keys(Object.prototype)).toEqual([])
  expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  const { client } = await admittedAs(running.url, createDeviceIdentity())
  expect(await client.request('health')).toMatchObject({ ok: true })
  client.close()
})

/** Parsed texts that are longer than a connect. */
function longTextsParsed(): () => number {
  const parse = jest.spyOn(JSON, 'parse')
  return () => parse.mock.calls.filter(([text]) => text.length > 8 * KIB).length
}

type Stage = 'before hello-ok' | 'after hello-ok'

async function opened(stage: Stage): Promise<RawClient> {
  if (stage === 'after hello-ok')
    return (await admittedAs(running.url, createDeviceIdentity(), { scopes: ['operator.admin'] })).client
  const client = new RawClient(running.url)
  await client.challenge()
  return client
}

describe('threat 16: size', () => {
  test('16 KiB and one byte before hello-ok are closed with 1009 and never parsed', async () => {
    const client = new RawClient(running.url)
    const params = signedConnect(createDeviceIdentity(), await client.challenge())
    const parsed = longTextsParsed()
    const frame = { type: 'req', id: 'c', method: 'connect', params, pad: '' }
    const pad = 'x'.repeat(16 * KIB + 1 - JSON.stringify(frame).length)
    client.send({ ...frame, pad })
    await expect(client.next()).rejects.toThrow('closed: 1009')
    expect(parsed()).toBe(0)
  })

  test.each([
    ['16 KiB and one byte', 16 * KIB + 1],
    ['2 GiB', 2 ** 31],
    ['what no number holds', Number.MAX_SAFE_INTEGER],
  ])('a frame that only announces %s is closed before its payload comes', async (_what, bytes) => {
    const socket = await tcp(running.port)
    socket.write(upgradeText('/gateway'))
    await readUntil(socket, 'connect.challenge')
    const head = Buffer.alloc(14)
    head[0] = 0x81
    head[1] = 0x80 | 127
    head.writeBigUInt64BE(BigInt(bytes), 2)
    socket.write(head)
    const end = await readToEnd(socket)
    // A close frame: 0x88, its length, and the code 1009 = 0x03f1.
    expect(end).toContain('\x03\xf1')
  })
})

describe.each<Stage>(['before hello-ok', 'after hello-ok'])('threat 16: shape, %s', (stage) => {
  test.each([
    ['of one byte', Buffer.from([0x00, 0x81, 0, 0, 0, 0, 0x20])],
    ['of none', Buffer.from([0x00, 0x80, 0, 0, 0, 0])],
  ])('a million tiny fragments %s end the connection', async (_what, fragment) => {
    const client = await opened(stage)
    const wire = (client.socket as unknown as { readonly _socket: Socket })._socket
    wire.on('error', () => undefined)
    const before = process.memoryUsage().heapUsed
    // The first of a message says that it is text and goes on.
    wire.write(Buffer.from([0x01, 0x80, 0, 0, 0, 0]))
    const thousand = Buffer.concat(Array.from({ length: 1000 }, () => fragment))
    for (let i = 0; i < MILLION / 1000 && !wire.destroyed; i += 1) {
      if (!wire.write(thousand)) await Promise.race([once(wire, 'drain').catch(() => null), client.closed])
    }
    expect([1006, 1008]).toContain((await client.closed).code)
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(64e6)
  })

  test.each([200_000, 65])('%d nested arrays are not parsed', async (depth) => {
    const client = await opened(stage)
    const parsed = longTextsParsed()
    client.send('['.repeat(depth))
    const { code } = await client.closed
    expect(code).toBe(depth > 16 * KIB && stage === 'before hello-ok' ? 1009 : 1008)
    expect(parsed()).toBe(0)
  })

  test('nested arrays that are whole, in params, are not parsed either', async () => {
    const client = await opened(stage)
    const depth = 5000
    const parsed = longTextsParsed()
    client.send(`{"type":"req","id":"1","method":"health","params":${'['.repeat(depth)}${']'.repeat(depth)}}`)
    expect((await client.closed).code).toBe(1008)
    expect(parsed()).toBe(0)
  })

  test.each([
    ['a lone continuation byte', [0x80]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a character that is cut off', [0x7b, 0xe2, 0x82]],
    ['beyond the last code point', [0xf4, 0x90, 0x80, 0x80]],
  ])('invalid UTF-8 is closed with 1007: %s', async (_what, bytes) => {
    const client = await opened(stage)
    client.socket.send(Buffer.from(bytes), { binary: false })
    expect((await client.closed).code).toBe(1007)
  })
})

const POISONS: [string, string][] = [
  ['__proto__', '"__proto__":{"polluted":1,"role":"operator","scopes":["operator.admin"],"deviceId":"x"}'],
  ['constructor.prototype', '"constructor":{"prototype":{"polluted":1,"scopes":["operator.admin"]}}'],
]

describe.each(POISONS)('threat 16: %s', (_name, poison) => {
  test('in the params of connect gives nothing', async () => {
    const client = new RawClient(running.url)
    const params = signedConnect(createDeviceIdentity(), await client.challenge(), { scopes: [] })
    const inside = JSON.stringify({ ...params, role: undefined })
      .replace(/^\{/, `{${poison},`)
      .replace('"client":{', `"client":{${poison},`)
    client.send(`{${poison},"type":"req","id":"c","method":"connect","params":${inside}}`)
    const answer = await client.next()
    expect(answer).toMatchObject({ ok: true, payload: { auth: { role: 'operator', scopes: [] } } })
    expect((await client.request('device.pair.list')).error?.code).toBe('FORBIDDEN')
    client.close()
  })

  test('alone as the params of connect, or as its device or auth, is no connect', async () => {
    for (const params of [`{${poison}}`, `{"device":{${poison}}}`, `{"auth":{${poison}}}`]) {
      const client = await opened('before hello-ok')
      client.send(`{"type":"req","id":"c","method":"connect","params":${params}}`)
      expect(await client.next()).toMatchObject({ ok: false, error: { code: 'INVALID_REQUEST' } })
      expect((await client.closed).code).toBe(1008)
    }
  })

  test('in the params of every device.* method is refused', async () => {
    const ask = { scopes: ['operator.admin'] }
    const { client, hello } = await admittedAs(running.url, createDeviceIdentity(), ask)
    const { methods } = hello.features as { methods: string[] }
    const ours = methods.filter((name) => name.startsWith('device.'))
    expect(ours.length).toBeGreaterThanOrEqual(14)
    for (const method of ours) {
      client.send(`{"type":"req","id":"${method}","method":"${method}","params":{${poison}}}`)
      const answer = await client.find(({ id }) => id === method)
      expect({ method, answer }).toMatchObject({
        method,
        answer: { ok: false, error: { code: 'INVALID_REQUEST' } },
      })
    }
    client.close()
  })

  test('is the name of no method', async () => {
    const client = await opened('after hello-ok')
    for (const method of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      expect((await client.request(method)).error?.message).toContain('unknown method')
    }
    client.close()
  })
})
