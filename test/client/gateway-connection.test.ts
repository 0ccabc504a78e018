import { createPublicKey, verify } from 'node:crypto'
import { createServer as createTcpServer, type AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import { connectGateway, createDeviceIdentity, type ConnectOptions } from '../../lib/client/index.ts'
import { signedTextV3 } from '../../lib/protocol/index.ts'
import { runGateway } from '../gateway/running-gateway.ts'
import { helloOk, NONCE, scriptedGateway, type ScriptedGateway, type Visitor } from './scripted-gateway.ts'

const identity = createDeviceIdentity()
let gateway: ScriptedGateway
afterEach(() => gateway.close())

async function connectTo(script: (visitor: Visitor) => unknown, more: Partial<ConnectOptions> = {}) {
  gateway = await scriptedGateway(script)
  return connectGateway({ url: gateway.url, identity, ...more })
}

describe('what is sent', () => {
  /** Params of the connect that these options make. */
  async function sentBy(more: Partial<ConnectOptions>): Promise<Record<string, unknown>> {
    const sent = Promise.withResolvers<Record<string, unknown>>()
    const connection = await connectTo(async (visitor) => {
      sent.resolve((await visitor.admit()).params)
    }, more)
    connection.close()
    return sent.promise
  }

  test.each<[string, Partial<ConnectOptions>, string, object | undefined]>([
    ['nothing', {}, '', undefined],
    ['a device token', { deviceToken: 'd' }, 'd', { deviceToken: 'd' }],
    ['a token before a device token', { deviceToken: 'd', auth: { token: 't' } }, 't', { token: 't', deviceToken: 'd' }],
    ['a device token before a bootstrap token', { deviceToken: 'd', auth: { bootstrapToken: 'b' } }, 'd', { deviceToken: 'd', bootstrapToken: 'b' }],
    ['a bootstrap token', { auth: { bootstrapToken: 'b' } }, 'b', { bootstrapToken: 'b' }],
    ['a password, which is not signed', { auth: { password: 'p|q' } }, '', { password: 'p|q' }],
  ])('%s', async (_what, more, token, auth) => {
    const params = await sentBy({ ...more, scopes: ['b', 'a'], client: { id: 'i', mode: 'cli' } })
    expect(params.auth).toEqual(auth)
    const device = params.device as { signature: string; signedAt: number }
    const text = signedTextV3({
      deviceId: identity.deviceId,
      clientId: 'i',
      clientMode: 'cli',
      role: 'operator',
      scopes: ['b', 'a'],
      signedAtMs: device.signedAt,
      token,
      nonce: NONCE,
      platform: process.platform,
      deviceFamily: '',
    })
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: identity.publicKey }, format: 'jwk' })
    expect(verify(null, Buffer.from(text), key, Buffer.from(device.signature, 'base64url'))).toBe(true)
  }) // prettier-ignore

  test('without an identity there is no device', async () => {
    const params = await sentBy({ identity: null, auth: { token: 't' } })
    expect(params).toMatchObject({ auth: { token: 't' }, role: 'operator' })
    expect(params).not.toHaveProperty('device')
    expect(params).not.toHaveProperty('verification')
  })
})

describe('a real gateway', () => {
  test('lets nobody in without a device, and says so', async () => {
    const running = await runGateway()
    const call = connectGateway({ url: running.url, identity: null })
    await expect(call).rejects.toMatchObject({ code: 'NOT_PAIRED', details: { code: 'DEVICE_IDENTITY_REQUIRED' } })
    await running.close()
    gateway = await scriptedGateway(() => undefined)
  }) // prettier-ignore

  test('answers several requests, each with its own limits', async () => {
    const running = await runGateway()
    running.gateway.method('slow', { scope: null }, () => new Promise(() => undefined))
    running.gateway.method('echo', { scope: null }, ({ params }) => params)
    const connection = await connectGateway({ url: running.url, identity })
    const aborting = new AbortController()
    const aborted = connection.request('slow', {}, { signal: aborting.signal })
    const late = connection.request('slow', {}, { timeoutMs: 50 })
    aborting.abort(new Error('changed my mind'))
    await expect(aborted).rejects.toThrow('changed my mind')
    await expect(late).rejects.toMatchObject({ code: 'TIMEOUT', message: 'no answer to slow within 50 ms' })
    expect(await connection.request('echo', { a: 1 })).toEqual({ a: 1 })
    await expect(connection.request('echo', 1n)).rejects.toThrow(/BigInt/)
    await expect(connection.request('echo', 'x'.repeat(1_100_000))).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringMatching(/bytes, and the gateway takes 1048576/) as unknown,
    })
    expect(await connection.request('echo', 2)).toBe(2)
    const left = connection.request('slow')
    connection.close()
    await expect(left).rejects.toMatchObject({ code: 'CLOSED' })
    await expect(connection.request('echo')).rejects.toMatchObject({ code: 'CLOSED' })
    expect(await connection.closed).toMatchObject({ code: 1000 })
    await running.close()
    gateway = await scriptedGateway(() => undefined)
  })
})

describe('options that are wrong are refused before anything is sent', () => {
  test.each<[string, Record<string, unknown>, RegExp]>([
    ['an unknown one', { scope: [] }, /there is no option "scope"; did you mean scopes\?/],
    ['no identity', { identity: undefined }, /identity: expected a device identity, or null/],
    ['an identity that cannot sign', { identity: { deviceId: '', publicKey: '' } }, /identity/],
    ['scopes that are text', { scopes: 'operator.read' }, /scopes: expected a list/],
    ['a time-out of NaN', { timeoutMs: Number.NaN }, /timeoutMs: got NaN/],
    ['a time-out that timers cannot count', { timeoutMs: 2 ** 31 }, /timeoutMs/],
    ['a token with a bar', { auth: { token: 'a|b' } }, /token: expected text of 1 to 512 characters, without \|/],
    ['an unknown secret', { auth: { tokn: 'a' } }, /did you mean token\?/],
    ['no URL', { url: undefined }, /url: expected/],
    ['a listener that is none', { onEvent: 'x' }, /onEvent: expected a function/],
  ])('%s', async (_what, more, message) => {
    gateway = await scriptedGateway(() => undefined)
    const options = { url: gateway.url, identity, ...more } as ConnectOptions
    await expect(connectGateway(options)).rejects.toThrow(message)
    expect(gateway.visits()).toBe(0)
  }) // prettier-ignore

  test('the message holds no secret', async () => {
    gateway = await scriptedGateway(() => undefined)
    const call = connectGateway({ url: gateway.url, identity, auth: { token: 'hunter2|' } })
    await expect(call).rejects.not.toThrow(/hunter2/)
  })
})

describe('a gateway that is none', () => {
  test.each<[string, (visitor: Visitor) => unknown]>([
    ['garbage', ({ socket }) => socket.send('garbage')],
    ['binary', ({ socket }) => socket.send(Buffer.from('{"type":"event"}'))],
    ['a number', ({ socket }) => socket.send('7')],
    ['JSON that is too deep', ({ socket }) => socket.send('['.repeat(10_000))],
    ['a frame that is too large', ({ socket }) => socket.send(JSON.stringify({ x: 'x'.repeat(300_000) }))],
    ['a challenge without a nonce', (visitor) => visitor.event('connect.challenge', {})],
    ['a nonce with a bar', (visitor) => visitor.event('connect.challenge', { nonce: 'a|b' })],
    ['a huge nonce', (visitor) => visitor.event('connect.challenge', { nonce: 'n'.repeat(5000) })],
    ['a hello that is none', (visitor) => visitor.admit({ type: 'hello-ok' })],
    ['a hello of protocol 99', (visitor) => visitor.admit(helloOk({ protocol: 99 }))],
    ['a hello without a policy', (visitor) => visitor.admit(helloOk({ policy: { tickIntervalMs: 'x' } }))],
    ['a hello with null in it', (visitor) => visitor.admit(helloOk({ features: null }))],
  ])('%s', async (_what, script) => {
    await expect(connectTo(script)).rejects.toMatchObject({
      code: 'REFUSED',
      message: expect.stringMatching(/does not speak the gateway protocol/) as unknown,
    })
  })

  test('one that never answers the upgrade is a time-out, and so is one that never challenges', async () => {
    const silent = createTcpServer((socket) => socket.on('error', () => undefined).resume())
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const url = `ws://127.0.0.1:${(silent.address() as AddressInfo).port}/gateway`
    await expect(connectGateway({ url, identity, timeoutMs: 100 })).rejects.toMatchObject({ code: 'TIMEOUT' })
    // Ends only once the client has hung up.
    await new Promise((resolve) => silent.close(resolve))
    const mute = Promise.withResolvers<Visitor>()
    await expect(connectTo(mute.resolve, { timeoutMs: 100 })).rejects.toMatchObject({ code: 'TIMEOUT' })
    // It did not leave the socket behind.
    await (
      await mute.promise
    ).gone
  })

  test('an answer before the question is no hello of ours to wait for', async () => {
    const call = connectTo(({ socket }) => {
      socket.send(JSON.stringify({ type: 'res', id: 'connect', ok: true, payload: helloOk() }))
      socket.close(1011, 'no')
    })
    await expect(call).rejects.toMatchObject({ code: 'CLOSED', details: { closeCode: 1011, closeReason: 'no' } })
  }) // prettier-ignore

  test('a second challenge is not signed', async () => {
    const connects: string[] = []
    const connection = await connectTo(async (visitor) => {
      visitor.event('connect.challenge', { nonce: 'one', ts: 1 })
      visitor.event('connect.challenge', { nonce: 'two', ts: 1 })
      const { id, method } = await visitor.next()
      visitor.answer(id, helloOk())
      visitor.event('connect.challenge', { nonce: 'three', ts: 1 })
      connects.push(method)
      visitor.answer((await visitor.next()).id, 'pong')
    })
    expect(await connection.request('ping')).toBe('pong')
    expect(connects).toEqual(['connect'])
    connection.close()
  })

  test('closing in the middle of a request rejects it, and the answer of another is no answer', async () => {
    const connection = await connectTo(async (visitor) => {
      await visitor.admit()
      await visitor.next()
      for (const id of ['connect', '7', '__proto__', 5, null])
        visitor.socket.send(JSON.stringify({ type: 'res', id, ok: true, payload: 'wrong' }))
      visitor.socket.close(1011, 'it broke')
    })
    await expect(connection.request('x')).rejects.toMatchObject({
      code: 'CLOSED',
      message: 'the gateway closed the connection: 1011 it broke',
    })
    expect(await connection.closed).toEqual({ code: 1011, reason: 'it broke' })
  })

  test('garbage after the hello ends the connection', async () => {
    const connection = await connectTo(async (visitor) => {
      await visitor.admit()
      await visitor.next()
      visitor.socket.send('garbage')
    })
    await expect(connection.request('x')).rejects.toMatchObject({ code: 'REFUSED' })
  })

  test('a flood of events is passed on in order, none from before the hello', async () => {
    const events: unknown[] = []
    const connection = await connectTo(
      async (visitor) => {
        visitor.event('early', 0)
        await visitor.admit()
        for (let i = 0; i < 5000; i += 1) visitor.event('n', i)
        visitor.answer((await visitor.next()).id, 'after')
      },
      { onEvent: (event, payload) => events.push([event, payload]) },
    )
    expect(await connection.request('x')).toBe('after')
    expect(events).toEqual(Array.from({ length: 5000 }, (_, i) => ['n', i]))
    connection.close()
  })

  test('one that does not answer the close is left within a second or so', async () => {
    const visitor = Promise.withResolvers<Visitor>()
    const connection = await connectTo(async (arrived) => {
      visitor.resolve(arrived)
      await arrived.admit()
      arrived.socket.pause()
    })
    connection.close()
    expect(await connection.closed).toMatchObject({ code: 1006 })
    ;(await visitor.promise).socket.resume()
  })
})

describe('a signal', () => {
  test('that has aborted already prevents the connection', async () => {
    const call = connectTo(() => undefined, { signal: AbortSignal.abort(new Error('no')) })
    await expect(call).rejects.toThrow('no')
    expect(gateway.visits()).toBe(0)
  })

  test('ends the handshake and its socket', async () => {
    const aborting = new AbortController()
    const visitor = Promise.withResolvers<Visitor>()
    const call = connectTo(
      (arrived) => {
        visitor.resolve(arrived)
        aborting.abort()
      },
      { signal: aborting.signal },
    )
    await expect(call).rejects.toMatchObject({ name: 'AbortError' })
    await (
      await visitor.promise
    ).gone
  })
})
