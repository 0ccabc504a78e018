import { afterEach, describe, expect, test } from '@jest/globals'
import { createDeviceIdentity, type DeviceIdentity } from '../../lib/client/index.ts'
import type { GatewayOptions } from '../../lib/index.ts'
import { RawClient, type Frame } from './raw-client.ts'
import { METRICS_TOKEN, readMetrics } from './read-metrics.ts'
import { runGateway, until, type RunningGateway } from './running-gateway.ts'
import { connectAs, connectWithoutDevice, FORWARDED, signedConnect, type Ask } from './signed-connect.ts'

const SECRET = 'the-secret-that-all-share'
const TOKEN = { auth: { mode: 'token', token: SECRET } } as const
const RIGHT = { auth: { token: SECRET } }
const WRONG = { auth: { token: 'wrong' } }
/** Behind a proxy that is named, so that clients have addresses of their own. */
const NAMED: Partial<GatewayOptions> = { locality: { trustProxy: 'loopback' } }
const from = (last: number): Record<string, string> => ({ 'X-Forwarded-For': `203.0.113.${last}` })

let running: RunningGateway
afterEach(() => running.close())

async function run(options: Partial<GatewayOptions> = {}): Promise<void> {
  running = await runGateway({ ...options, limits: { authFailures: 3, ...options.limits } })
}

type Asking = (ask?: Ask, headers?: Record<string, string>) => Promise<Frame>

const as =
  (identity: DeviceIdentity): Asking =>
  async (ask = {}, headers = {}) => {
    const { client, answer } = await connectAs(running.url, identity, ask, headers)
    client.close()
    return answer
  }
const stranger: Asking = (ask, headers) => as(createDeviceIdentity())(ask, headers)
const without: Asking = async (ask = {}, headers = {}) => {
  const { client, answer } = await connectWithoutDevice(running.url, ask, headers)
  client.close()
  return answer
}
const forged: Asking = async (ask = {}, headers = {}) => {
  const client = new RawClient(running.url, headers)
  const params = signedConnect(createDeviceIdentity(), await client.challenge(), ask)
  const answer = await client.request('connect', { ...params, scopes: ['operator.admin'] })
  client.close()
  return answer
}

const codeOf = (answer: Frame): unknown =>
  answer.ok === true ? 'ok' : (answer.error?.details?.code ?? answer.error?.code)

async function paired(ask: Ask = {}): Promise<{ device: Asking; deviceToken: string }> {
  const device = as(createDeviceIdentity())
  const { payload } = await device(ask)
  return { device, deviceToken: String((payload?.auth as { deviceToken?: string } | undefined)?.deviceToken) }
}

async function times(count: number, asking: Asking, ask: Ask, headers = {}): Promise<unknown[]> {
  const codes: unknown[] = []
  for (let i = 0; i < count; i += 1) codes.push(codeOf(await asking(ask, headers)))
  return codes
}

describe('after too many failures', () => {
  test('credentials are not looked at: right and wrong ones get the same answer', async () => {
    await run({ ...NAMED, ...TOKEN })
    expect(await times(4, without, WRONG, from(1))).toEqual([
      'AUTH_TOKEN_MISMATCH',
      'AUTH_TOKEN_MISMATCH',
      'AUTH_TOKEN_MISMATCH',
      'AUTH_RATE_LIMITED',
    ])
    const answers = [
      await without(WRONG, from(1)),
      await without(RIGHT, from(1)),
      await stranger(RIGHT, from(1)),
      await stranger({ auth: { bootstrapToken: 'x' } }, from(1)),
      await stranger({ auth: { deviceToken: 'x' } }, from(1)),
    ]
    for (const { error } of answers) {
      const retryAfterMs = error?.retryAfterMs ?? 0
      expect(retryAfterMs).toBeGreaterThan(60_000)
      expect(retryAfterMs).toBeLessThanOrEqual(300_000)
      expect(error).toEqual({
        code: 'INVALID_REQUEST',
        message: 'unauthorized: too many failed authentication attempts; wait, then try again',
        retryable: true,
        retryAfterMs,
        details: {
          code: 'AUTH_RATE_LIMITED',
          authReason: 'rate_limited',
          recommendedNextStep: 'wait_then_retry',
          retryable: true,
          retryAfterMs,
        },
      })
    }
  })

  test('the connection is closed with 1008', async () => {
    await run({ ...TOKEN, limits: { authFailures: 1 } })
    await without(WRONG, FORWARDED)
    const { client } = await connectWithoutDevice(running.url, WRONG, FORWARDED)
    expect(await client.closed).toMatchObject({ code: 1008, reason: expect.stringContaining('too many') })
  })

  test('others are not concerned: another network gets its answers', async () => {
    await run({ ...NAMED, ...TOKEN })
    await times(4, without, WRONG, from(1))
    expect(codeOf(await without(RIGHT, from(2)))).toBe('ok')
  })

  test('it opens again after the block, and a success in between has reset nothing', async () => {
    await run({ ...NAMED, ...TOKEN, limits: { authBlockMs: 300 } })
    expect(await times(2, without, WRONG, from(1))).toEqual(['AUTH_TOKEN_MISMATCH', 'AUTH_TOKEN_MISMATCH'])
    expect(codeOf(await without(RIGHT, from(1)))).toBe('ok')
    expect(await times(2, without, WRONG, from(1))).toEqual(['AUTH_TOKEN_MISMATCH', 'AUTH_RATE_LIMITED'])
    await until(async () => codeOf(await without(RIGHT, from(1))) === 'ok')
  })

  test('a missing secret is no failure, and neither is a clock that is wrong', async () => {
    await run({ ...NAMED, ...TOKEN })
    expect(new Set(await times(6, without, {}, from(1)))).toEqual(new Set(['AUTH_TOKEN_MISSING']))
    const late = { ...RIGHT, signedAt: Date.now() - 600_000 }
    expect(new Set(await times(6, stranger, late, from(1)))).toEqual(
      new Set(['DEVICE_AUTH_SIGNATURE_EXPIRED']),
    )
    expect(codeOf(await without(RIGHT, from(1)))).toBe('ok')
    expect(codeOf(await without({}, from(1)))).toBe('AUTH_TOKEN_MISSING')
  })

  test.each<[string, Asking, Ask, string]>([
    ['wrong secrets of fresh devices', stranger, WRONG, 'AUTH_TOKEN_MISMATCH'],
    [
      'wrong secrets with a token that is made up',
      stranger,
      { auth: { token: 'x', deviceToken: 'y' } },
      'AUTH_DEVICE_TOKEN_MISMATCH',
    ],
    [
      'tokens of devices that hold nothing',
      stranger,
      { auth: { deviceToken: 'y' } },
      'AUTH_DEVICE_TOKEN_MISMATCH',
    ],
    [
      'invitations that are made up',
      stranger,
      { auth: { bootstrapToken: 'y' } },
      'AUTH_BOOTSTRAP_TOKEN_INVALID',
    ],
    ['bad signatures', forged, {}, 'DEVICE_AUTH_SIGNATURE_INVALID'],
  ])('%s count', async (_what, asking, ask, code) => {
    await run({ ...NAMED, ...TOKEN })
    expect(await times(5, asking, ask, from(1))).toEqual([
      code,
      code,
      code,
      'AUTH_RATE_LIMITED',
      'AUTH_RATE_LIMITED',
    ])
    expect(codeOf(await without(RIGHT, from(1)))).toBe('AUTH_RATE_LIMITED')
  })

  test('any number at a time gets no more comparisons', async () => {
    await run({ ...NAMED, ...TOKEN })
    // No more than there may be unauthenticated sockets: the oldest would give way, without an answer.
    const asking = Array.from({ length: 30 }, (_, i) => (i % 2 === 0 ? stranger : without)(WRONG, from(1)))
    const codes = (await Promise.all(asking)).map(codeOf)
    expect(codes.filter((code) => code === 'AUTH_TOKEN_MISMATCH')).toHaveLength(3)
  })
})

describe('nobody locks out others', () => {
  const LOCKED = async (): Promise<void> => {
    // Through a proxy that nobody named everybody is 127.0.0.1.
    await times(4, forged, {}, FORWARDED)
    expect(codeOf(await forged({}, FORWARDED))).toBe('AUTH_RATE_LIMITED')
  }

  test('mode none: a paired device connects, with its token and without, from local and from elsewhere', async () => {
    await run()
    const owner = as(createDeviceIdentity())
    const { device, deviceToken } = await paired()
    await owner({ scopes: ['operator.admin'] })
    await LOCKED()
    for (const auth of [
      {},
      { deviceToken },
      { token: deviceToken, deviceToken },
      { token: 'from-elsewhere' },
    ])
      expect(codeOf(await device({ auth }))).toBe('ok')
    // Paired silently, so from elsewhere it waits; it is not turned away.
    expect(codeOf(await device({ auth: { deviceToken } }, FORWARDED))).toBe('PAIRING_REQUIRED')
  })

  test('mode none: a new device pairs or waits as ever, and one that was removed may bring its old token', async () => {
    await run()
    await LOCKED()
    expect(codeOf(await stranger())).toBe('ok')
    expect(codeOf(await stranger({}, FORWARDED))).toBe('PAIRING_REQUIRED')
    expect(codeOf(await stranger({ auth: { deviceToken: 'of-old' } }, FORWARDED))).toBe('PAIRING_REQUIRED')
  })

  test('mode token: a paired device is held to its own failures alone', async () => {
    await run(TOKEN)
    const { device, deviceToken } = await paired(RIGHT)
    await LOCKED()
    expect(codeOf(await device(RIGHT))).toBe('ok')
    expect(codeOf(await device({ auth: { deviceToken } }))).toBe('ok')
    running.peer.status = 'relay'
    expect(codeOf(await stranger(RIGHT))).toBe('AUTH_RATE_LIMITED')
    expect(codeOf(await device({ auth: { deviceToken } }))).toBe('PAIRING_REQUIRED')
  })

  test('a client that is proved local has a bucket of its own, with a device and without', async () => {
    await run(TOKEN)
    running.peer.status = 'relay'
    expect((await times(4, without, WRONG)).at(-1)).toBe('AUTH_RATE_LIMITED')
    running.peer.status = 'same-user'
    expect(codeOf(await without(RIGHT))).toBe('ok')
    expect(codeOf(await stranger(RIGHT))).toBe('ok')
    expect(codeOf(await without(RIGHT, FORWARDED))).toBe('AUTH_RATE_LIMITED')
  })

  test('but those who are proved local are limited as well, and then the kernel is not asked any more', async () => {
    await run(TOKEN)
    expect(await times(7, without, WRONG)).toEqual([
      ...new Array<string>(6).fill('AUTH_TOKEN_MISMATCH'),
      'AUTH_RATE_LIMITED',
    ])
    const { lookups } = running.peer
    expect(new Set(await times(5, without, RIGHT))).toEqual(new Set(['AUTH_RATE_LIMITED']))
    expect(running.peer.lookups).toBe(lookups)
  })

  test('the kernel is asked only when the shared bucket is used up', async () => {
    await run(TOKEN)
    await times(3, without, WRONG)
    expect(running.peer.lookups).toBe(0)
    await without(WRONG)
    expect(running.peer.lookups).toBe(1)
  })

  test('every address of 127.0.0.0/8 is the one loopback', async () => {
    await run(TOKEN)
    running.peer.status = 'relay'
    for (const localAddress of ['127.0.0.2', '127.0.0.3', '127.9.9.9']) {
      const client = new RawClient(running.url, {}, { localAddress })
      await client.challenge()
      const params = signedConnect(createDeviceIdentity(), 'no nonce of it')
      expect(codeOf(await client.request('connect', params))).toBe('DEVICE_AUTH_NONCE_MISMATCH')
      client.close()
    }
    expect(codeOf(await without(RIGHT))).toBe('AUTH_RATE_LIMITED')
  })

  test('a page uses up the bucket of its own origin, not that of programs or other pages', async () => {
    const allowedOrigins = ['https://a.example', 'https://b.example']
    await run({ ...TOKEN, locality: { allowedOrigins } })
    const [a = '', b = ''] = allowedOrigins
    expect((await times(4, without, WRONG, { Origin: a })).at(-1)).toBe('AUTH_RATE_LIMITED')
    expect(codeOf(await without(RIGHT, { Origin: a }))).toBe('AUTH_RATE_LIMITED')
    expect(codeOf(await without(RIGHT, { Origin: b }))).toBe('ok')
    running.peer.status = 'relay'
    expect(codeOf(await without(RIGHT))).toBe('ok')
  })

  test('a client gains no bucket by the Host and Origin that it makes up', async () => {
    await run(TOKEN)
    running.peer.status = 'relay'
    const codes: unknown[] = []
    for (let port = 1000; port < 1005; port += 1) {
      const made = { Host: `localhost:${port}`, Origin: `http://localhost:${port}` }
      codes.push(codeOf(await without(WRONG, made)))
    }
    expect(codes.slice(3)).toEqual(['AUTH_RATE_LIMITED', 'AUTH_RATE_LIMITED'])
  })
})

describe('a paired device that presents what is wrong', () => {
  test.each<[string, Ask, string]>([
    ['a wrong secret', WRONG, 'AUTH_TOKEN_MISMATCH'],
    ['a wrong token', { auth: { deviceToken: 'x' } }, 'AUTH_DEVICE_TOKEN_MISMATCH'],
    ['both', { auth: { token: 'wrong', deviceToken: 'x' } }, 'AUTH_DEVICE_TOKEN_MISMATCH'],
  ])('%s is counted by its id, wherever it comes from', async (_what, ask, code) => {
    await run({ ...NAMED, ...TOKEN })
    const { device, deviceToken } = await paired(RIGHT)
    const codes: unknown[] = []
    for (let i = 1; i <= 4; i += 1) codes.push(codeOf(await device(ask, from(i))))
    expect(codes).toEqual([code, code, code, 'AUTH_RATE_LIMITED'])
    expect(codeOf(await device({ auth: { deviceToken } }, from(9)))).toBe('AUTH_RATE_LIMITED')
    // Its network is not used up, nor any other device.
    expect(codeOf(await without(RIGHT, from(1)))).toBe('ok')
  })

  test('is counted for its network as well', async () => {
    await run({ ...NAMED, ...TOKEN })
    const { device } = await paired(RIGHT)
    await times(3, device, WRONG, from(1))
    expect(codeOf(await without(RIGHT, from(1)))).toBe('AUTH_RATE_LIMITED')
  })

  test('mode none: it may still prove its key alone', async () => {
    await run()
    const { device } = await paired()
    const wrong = { auth: { deviceToken: 'x' } }
    expect((await times(4, device, wrong)).at(-1)).toBe('AUTH_RATE_LIMITED')
    expect(codeOf(await device())).toBe('ok')
  })
})

test('the metrics count failures by a fixed set of reasons, and refusals', async () => {
  await run({ ...TOKEN, metricsToken: METRICS_TOKEN })
  await without(WRONG, FORWARDED)
  await stranger({ auth: { bootstrapToken: '"}\n' } }, FORWARDED)
  await forged({}, FORWARDED)
  await times(2, without, WRONG, FORWARDED)
  expect(await readMetrics(running, 'latchkey_auth_failures_total')).toEqual([
    'latchkey_auth_failures_total{reason="shared-secret"} 1',
    'latchkey_auth_failures_total{reason="bootstrap-token"} 1',
    'latchkey_auth_failures_total{reason="device-proof"} 1',
  ])
  expect(await readMetrics(running, 'latchkey_rate')).toEqual(['latchkey_rate_limited_total 2'])
})

test('the log says once that a bucket is used up', async () => {
  const warned: unknown[] = []
  const quiet = (): void => undefined
  const logger = {
    info: quiet,
    error: quiet,
    warn: (message: string, fields: unknown) => warned.push([message, fields]),
  }
  await run({ ...NAMED, ...TOKEN, logger })
  await times(6, without, WRONG, from(1))
  expect(warned).toEqual([
    [expect.stringContaining('too many failed'), { of: 'network', key: '203.0.113.1', forMs: 300_000 }],
  ])
})
