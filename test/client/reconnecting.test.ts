import { describe, expect, test } from '@jest/globals'
import {
  adviceOf,
  callGateway,
  createDeviceIdentity,
  gatewayClient,
  type PairingRequiredError,
} from '../../lib/client/index.ts'
import { runGateway, until } from '../gateway/running-gateway.ts'
import { manualTimers } from './manual-timers.ts'
import { helloOk, scriptedGateway, type Visitor } from './scripted-gateway.ts'
import { challenge, newExchange, ownersCode, refuseForPairing } from './verifying-gateway.ts'
import { clientAt, clientOf, closing, identity, serving } from './watched-client.ts'

describe('what no retry mends ends it for good', () => {
  const refusing =
    (error: object) =>
    async (visitor: Visitor): Promise<void> => {
      visitor.event('connect.challenge', { nonce: 'n', ts: Date.now() })
      visitor.refuse((await visitor.next()).id, error)
      visitor.socket.close(1008)
    }

  test.each<[string, object, string]>([
    ['versions', { code: 'INVALID_REQUEST', message: 'protocol mismatch', details: { code: 'PROTOCOL_MISMATCH' } }, 'protocol mismatch'],
    ['a signature', { code: 'INVALID_REQUEST', message: 'bad', details: { code: 'DEVICE_AUTH_SIGNATURE_INVALID' } }, 'bad'],
    ['a token', { code: 'INVALID_REQUEST', message: 'unauthorized', details: { code: 'AUTH_TOKEN_MISSING' } }, 'unauthorized'],
  ])('%s', async (_what, error, message) => {
    const { client, states, gateway } = await clientOf(refusing(error))
    const waiting = [client.connected(), client.request('x')]
    for (const promise of waiting) await expect(promise).rejects.toThrow(message)
    expect(client.state).toBe('closed')
    expect(states).toEqual(['closed'])
    await expect(client.request('x')).rejects.toThrow(message)
    expect(gateway.visits()).toBe(1)
  }) // prettier-ignore

  test('an origin that may not connect, at a real gateway', async () => {
    const running = await runGateway()
    closing.push(() => running.close())
    const { client } = clientAt(running.url, { headers: { Origin: 'https://elsewhere.example' } })
    await expect(client.connected()).rejects.toMatchObject({ code: 'REFUSED', details: { status: 403 } })
    expect(client.state).toBe('closed')
  })

  test('an identity that cannot sign', async () => {
    const broken = { ...identity, sign: () => Promise.reject(new Error('the key is gone')) }
    const { client } = await clientOf(serving, { identity: broken })
    await expect(client.connected()).rejects.toMatchObject({
      code: 'IDENTITY_INVALID',
      message: expect.stringMatching(/the key is gone/) as unknown,
    })
  })

  test('a policy of the gateway, said in the close alone', async () => {
    const { client } = await clientOf(({ socket }) => socket.close(1008, 'not here'))
    await expect(client.connected()).rejects.toMatchObject({ code: 'CLOSED', details: { closeCode: 1008 } })
  })

  test('wrong options are thrown at once', () => {
    const url = 'ws://127.0.0.1:1/'
    expect(() => gatewayClient({ url, identity, onstate: () => undefined } as never)).toThrow(/did you mean onState/)
    expect(() => gatewayClient({ url, identity, signal: AbortSignal.abort() } as never)).toThrow(/close\(\)/)
  }) // prettier-ignore
})

describe('the pauses, with timers and randomness of the test', () => {
  test('grow with full jitter, and begin anew after a connection that stayed up', async () => {
    const timers = manualTimers()
    const { client, gateway } = await clientOf(
      async (visitor) => {
        if (visitor.number === 4 || visitor.number === 6) await visitor.admit()
        else visitor.socket.terminate()
      },
      {
        startTimer: timers.startTimer,
        random: () => 0.5,
        backoff: { minMs: 100, maxMs: 1000, resetAfterMs: 7777 },
      },
    )
    for (const ms of [50, 100, 200]) {
      await until(() => timers.running().includes(ms))
      timers.fire(ms)
    }
    await client.connected()
    gateway.closeAll()
    // It did not stay up.
    await until(() => timers.running().includes(400))
    expect(timers.running()).toEqual([400])
    timers.fire(400)
    await until(() => timers.running().includes(500))
    timers.fire(500)
    await client.connected()
    timers.fire(7777)
    gateway.closeAll()
    await until(() => timers.running().includes(50))
    client.close()
    expect(timers.running()).toEqual([])
  })

  test('a restart spreads its clients over the whole spread', async () => {
    const clients = 40
    const timers = Array.from({ length: clients }, () => manualTimers())
    const gateway = await scriptedGateway((visitor) => visitor.admit())
    closing.push(() => gateway.close())
    const all = timers.map(({ startTimer }, i) =>
      clientAt(gateway.url, {
        startTimer,
        random: () => i / clients,
        backoff: { minMs: 1, maxMs: 10, spreadMs: 8000 },
      }),
    )
    await Promise.all(all.map(({ client }) => client.connected()))
    gateway.closeAll(1012)
    await until(() => all.every(({ client }) => client.state === 'waiting'))
    expect(timers.map((timer) => timer.running())).toEqual(
      Array.from({ length: clients }, (_, i) => [(8000 * i) / clients]),
    )
  })

  test('what a gateway asks for comes before the jitter', async () => {
    const timers = manualTimers()
    await clientOf(
      async (visitor) => {
        visitor.event('connect.challenge', { nonce: 'n', ts: Date.now() })
        const { id } = await visitor.next()
        visitor.refuse(id, { code: 'RATE_LIMITED', message: 'slowly', retryAfterMs: 4000 })
      },
      { startTimer: timers.startTimer, random: () => 0.5, backoff: { minMs: 100 } },
    )
    await until(() => timers.running().length === 1)
    expect(timers.running()).toEqual([4050])
  })

  test('silence for two whole ticks ends the connection; any frame is a sign of life', async () => {
    const timers = manualTimers()
    const events: unknown[] = []
    const { client, gateway } = await clientOf(
      async (visitor) => {
        await visitor.admit(helloOk({ policy: { maxPayload: 9999, maxBufferedBytes: 1, tickIntervalMs: 1234 } }))
        if (visitor.number > 1) return
        await visitor.next()
        visitor.event('tick', {})
      },
      { startTimer: timers.startTimer, onEvent: (event) => events.push(event) },
    )
    await client.connected()
    timers.fire(1234)
    timers.fire(1234)
    client.request('give me an event').catch(() => undefined)
    await until(() => events.length === 1)
    timers.fire(1234)
    timers.fire(1234)
    expect(client.state).toBe('connected')
    timers.fire(1234)
    await until(() => client.state === 'waiting')
    timers.fire(timers.running()[0] ?? 0)
    await until(() => client.state === 'connected' && gateway.visits() === 2)
    client.close()
    expect(timers.running()).toEqual([])
  }) // prettier-ignore

  test('a real gateway that ticks is never taken for dead', async () => {
    const running = await runGateway({ limits: { tickMs: 700 } })
    closing.push(() => running.close())
    let ticks = 0
    const { client, states } = clientAt(running.url, { onEvent: (event) => (ticks += event === 'tick' ? 1 : 0) })
    await client.connected()
    await until(() => ticks >= 4)
    expect(states).toEqual(['connected'])
  }) // prettier-ignore
})

describe('while the owner has not decided', () => {
  test('it asks again by the pause of the gateway, tells each request once, and goes on to connect', async () => {
    const timers = manualTimers()
    const exchange = newExchange('request-1')
    const told: PairingRequiredError[] = []
    const { client, states, gateway } = await clientOf(
      async (visitor) => {
        if (visitor.number === 4) return serving(visitor)
        const { id } = await challenge(visitor, visitor.number === 1 ? exchange : newExchange('unused'))
        refuseForPairing(visitor, id, exchange)
      },
      { startTimer: timers.startTimer, onPairingRequired: (error) => told.push(error) },
    )
    const answer = client.request('look')
    for (let i = 0; i < 3; i += 1) {
      await until(() => timers.running().includes(300))
      expect(client.state).toBe('waiting-for-approval')
      timers.fire(300)
      expect(client.state).toBe('waiting-for-approval')
    }
    expect(await answer).toBe('look')
    expect(told.map((error) => error.verificationCode)).toEqual([ownersCode(exchange)])
    expect(states).toEqual(['waiting-for-approval', 'connected'])
    expect(gateway.visits()).toBe(4)
  })

  test('a request that times out says what it waited for', async () => {
    const { client } = await clientOf(async (visitor) => {
      const exchange = newExchange('request-1')
      const { id } = await challenge(visitor, exchange)
      refuseForPairing(visitor, id, exchange)
    })
    const error: unknown = await client.request('x', {}, { timeoutMs: 400 }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'TIMEOUT', cause: { code: 'NOT_PAIRED' } })
    expect(adviceOf(error).join('\n')).toMatch(/Verification code \d{4}-\d{4}/)
  }) // prettier-ignore

  test('a real gateway lets it in once the owner has approved', async () => {
    const running = await runGateway()
    closing.push(() => running.close())
    const timers = manualTimers()
    const required = Promise.withResolvers<PairingRequiredError>()
    const { client } = clientAt(running.url, {
      startTimer: timers.startTimer,
      headers: { 'X-Forwarded-For': '203.0.113.9' },
      scopes: ['operator.read'],
      onPairingRequired: required.resolve,
    })
    const { requestId, digest, retryAfterMs, reason } = await required.promise
    expect(reason).toBe('not-paired')
    timers.fire(retryAfterMs)
    await until(() => timers.running().includes(retryAfterMs))
    const owner = { url: running.url, identity: createDeviceIdentity(), scopes: ['operator.admin'] }
    await callGateway({ ...owner, method: 'device.pair.approve', params: { requestId, digest } })
    timers.fire(retryAfterMs)
    expect((await client.connected()).auth.scopes).toEqual(['operator.read'])
    // Removed, it is cut off and has to wait again.
    await callGateway({ ...owner, method: 'device.pair.remove', params: { deviceId: identity.deviceId } })
    await until(() => client.state === 'waiting')
    timers.fire(timers.running()[0] ?? 0)
    await until(() => client.state === 'waiting-for-approval')
  })
})
