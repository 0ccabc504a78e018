import { afterEach, describe, expect, test } from '@jest/globals'
import { createDeviceIdentity } from '../../../lib/client/index.ts'
import { createGateway, memoryStore, type GatewayOptions } from '../../../lib/index.ts'
import { RawClient } from '../raw-client.ts'
import { runGateway, type RunningGateway } from '../running-gateway.ts'
import { signedConnect } from '../signed-connect.ts'

let running: RunningGateway
afterEach(() => running.close())

async function offer(range: { minProtocol?: unknown; maxProtocol?: unknown }) {
  const client = new RawClient(running.url)
  const params = signedConnect(createDeviceIdentity(), await client.challenge())
  const answer = await client.request('connect', { ...params, ...range })
  return { client, answer }
}

describe('threat 8: a signature over an older or an unknown text', () => {
  type Parts = Readonly<Record<'id' | 'signedAt' | 'nonce', string | number>>
  test.each<[string, (parts: Parts) => string]>([
    [
      'v1, which has no nonce',
      ({ id, signedAt }) => `v1|${id}|test|test|operator|operator.read|${signedAt}|`,
    ],
    ['v1 without a version', ({ id, signedAt }) => `${id}|test|test|operator|operator.read|${signedAt}|`],
    [
      'v1 with a nonce',
      ({ id, signedAt, nonce }) => `v1|${id}|test|test|operator|operator.read|${signedAt}||${nonce}`,
    ],
    ['v2 without the nonce', ({ id, signedAt }) => `v2|${id}|test|test|operator|operator.read|${signedAt}|`],
    [
      'v3 without platform',
      ({ id, signedAt, nonce }) => `v3|${id}|test|test|operator|operator.read|${signedAt}||${nonce}`,
    ],
    [
      'v4',
      ({ id, signedAt, nonce }) => `v4|${id}|test|test|operator|operator.read|${signedAt}||${nonce}|linux|`,
    ],
  ])('%s: refused', async (_what, textOf) => {
    running = await runGateway()
    const identity = createDeviceIdentity()
    const client = new RawClient(running.url)
    const params = signedConnect(identity, await client.challenge())
    const { id, signedAt, nonce } = params.device
    const signature = identity.sign(textOf({ id, signedAt, nonce }))
    for (const device of [{ ...params.device, signature }]) {
      const { error } = await client.request('connect', { ...params, device })
      expect(error?.details).toEqual({ code: 'DEVICE_AUTH_SIGNATURE_INVALID' })
    }
    expect((await client.closed).code).toBe(1008)
  })

  test('v1 without a nonce in the device either', async () => {
    running = await runGateway()
    const identity = createDeviceIdentity()
    const client = new RawClient(running.url)
    const params = signedConnect(identity, await client.challenge())
    const { id, publicKey, signedAt } = params.device
    const signature = identity.sign(`v1|${id}|test|test|operator|operator.read|${signedAt}|`)
    const { error } = await client.request('connect', {
      ...params,
      device: { id, publicKey, signedAt, signature },
    })
    expect(error?.details).toEqual({ code: 'DEVICE_AUTH_NONCE_REQUIRED' })
  })
})

describe('threat 8: the range of versions', () => {
  test.each([
    [1, 2],
    [2, 2],
    [5, 5],
    [5, 1_000_000],
    [4, 3],
    [9, 1],
    [2 ** 31, 2 ** 53 - 1],
  ])('%d to %d: PROTOCOL_MISMATCH and 1002', async (minProtocol, maxProtocol) => {
    running = await runGateway()
    const { client, answer } = await offer({ minProtocol, maxProtocol })
    expect(answer.error?.details).toEqual({
      code: 'PROTOCOL_MISMATCH',
      clientMinProtocol: minProtocol,
      clientMaxProtocol: maxProtocol,
      expectedProtocol: 4,
    })
    expect((await client.closed).code).toBe(1002)
  })

  test.each<[unknown, unknown]>([
    [undefined, undefined],
    [3, undefined],
    [undefined, 4],
    [0, 4],
    [-1, 4],
    [3.5, 4],
    ['3', '4'],
    [null, null],
    [[3], [4]],
  ])('%j to %j is no range: INVALID_REQUEST', async (minProtocol, maxProtocol) => {
    running = await runGateway()
    const { client, answer } = await offer({ minProtocol, maxProtocol })
    expect(answer).toMatchObject({ ok: false, error: { code: 'INVALID_REQUEST' } })
    expect([1002, 1008]).toContain((await client.closed).code)
  })
})

describe('threat 8: the option minProtocol', () => {
  test.each([
    [undefined, 3, 3, 3],
    [3, 3, 3, 3],
    [3, 1, 9, 4],
    [4, 4, 4, 4],
    [4, 3, 4, 4],
    [4, 1, 999, 4],
  ] as const)('%j: %d to %d is let in with %d', async (lowest, minProtocol, maxProtocol, spoken) => {
    running = await runGateway(lowest === undefined ? {} : { minProtocol: lowest })
    const { client, answer } = await offer({ minProtocol, maxProtocol })
    expect(answer).toMatchObject({ ok: true, payload: { protocol: spoken } })
    client.close()
  })

  test.each([
    [3, 3],
    [1, 3],
  ])('4: %d to %d is refused', async (minProtocol, maxProtocol) => {
    running = await runGateway({ minProtocol: 4 })
    const { client, answer } = await offer({ minProtocol, maxProtocol })
    expect(answer.error?.details).toMatchObject({ code: 'PROTOCOL_MISMATCH', expectedProtocol: 4 })
    expect((await client.closed).code).toBe(1002)
  })

  test.each([2, 5, '3', null, Number.NaN])('%j is refused by name', async (minProtocol) => {
    running = await runGateway()
    const options = { store: memoryStore(), minProtocol } as unknown as GatewayOptions
    await expect(createGateway(options)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining('minProtocol: expected 3 or 4'),
    })
  })
})
