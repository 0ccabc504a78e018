import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { countingStore } from './counting-store.ts'
import { RawClient, type Frame } from './raw-client.ts'
import { runGateway, type RunningGateway } from './running-gateway.ts'
import { FORWARDED, signedConnect } from './signed-connect.ts'

let running: RunningGateway
let count: { transactions: number; writes: number }
const identity = createDeviceIdentity()

beforeEach(async () => {
  const counting = countingStore()
  running = await runGateway({ store: counting.store })
  count = counting.count
  count.transactions = 0
  count.writes = 0
})
afterEach(() => running.close())

/** Answers the challenge with what `change` makes of a good connect; the answer, and how it was closed. */
async function attempt(
  change: (params: ReturnType<typeof signedConnect>, nonce: string) => object,
  headers: Record<string, string> = {},
): Promise<{ error: Frame['error']; code: number }> {
  const client = new RawClient(running.url, headers)
  const nonce = await client.challenge()
  const { error } = await client.request('connect', change(signedConnect(identity, nonce), nonce))
  const { code } = await client.closed
  return { error, code }
}

type Change = Parameters<typeof attempt>[0]

const REFUSED: [string, Change, object][] = [
  [
    'an unknown role',
    (_, nonce) => signedConnect(identity, nonce, { role: 'root' }),
    { code: 'INVALID_REQUEST', details: { code: 'ROLE_UNKNOWN' } },
  ],
  [
    'a role with a separator',
    (_, nonce) => signedConnect(identity, nonce, { role: 'operator|operator.admin' }),
    { code: 'INVALID_REQUEST', details: { code: 'ROLE_UNKNOWN' } },
  ],
  [
    'a scope that is no name',
    (_, nonce) => signedConnect(identity, nonce, { scopes: ['operator.read,operator.admin'] }),
    { code: 'INVALID_REQUEST', details: { code: 'SCOPE_INVALID' } },
  ],
  [
    'no device',
    (params) => ({ ...params, device: undefined }),
    { code: 'NOT_PAIRED', details: { code: 'DEVICE_IDENTITY_REQUIRED' } },
  ],
  [
    'the id of another device',
    (params) => ({ ...params, device: { ...params.device, id: createDeviceIdentity().deviceId } }),
    { code: 'INVALID_REQUEST', details: { code: 'DEVICE_AUTH_DEVICE_ID_MISMATCH' } },
  ],
  [
    'a clock ten years behind',
    (_, nonce) => signedConnect(identity, nonce, { signedAt: Date.now() - 315_360_000_000 }),
    {
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('clock') as unknown,
      details: { code: 'DEVICE_AUTH_SIGNATURE_EXPIRED' },
    },
  ],
  [
    'a clock ten years ahead',
    (_, nonce) => signedConnect(identity, nonce, { signedAt: Date.now() + 315_360_000_000 }),
    { code: 'INVALID_REQUEST', details: { code: 'DEVICE_AUTH_SIGNATURE_EXPIRED' } },
  ],
  [
    'no nonce',
    (params) => ({ ...params, device: { ...params.device, nonce: undefined } }),
    { code: 'INVALID_REQUEST', details: { code: 'DEVICE_AUTH_NONCE_REQUIRED' } },
  ],
  [
    'a nonce of its own',
    (_, nonce) => signedConnect(identity, nonce, { nonce: 'mine' }),
    { code: 'INVALID_REQUEST', details: { code: 'DEVICE_AUTH_NONCE_MISMATCH' } },
  ],
  [
    'the signature of another key',
    (params, nonce) => ({
      ...params,
      device: {
        ...params.device,
        signature: signedConnect(createDeviceIdentity(), nonce).device.signature,
      },
    }),
    { code: 'INVALID_REQUEST', details: { code: 'DEVICE_AUTH_SIGNATURE_INVALID' } },
  ],
  [
    'more scopes than were signed',
    (params) => ({ ...params, scopes: ['operator.admin'] }),
    { code: 'INVALID_REQUEST', details: { code: 'DEVICE_AUTH_SIGNATURE_INVALID' } },
  ],
]

describe('before the signature is verified, nothing is read, written or asked', () => {
  test.each(REFUSED)('%s', async (_what, change, error) => {
    for (const headers of [{}, FORWARDED]) {
      const refused = await attempt(change, headers)
      expect(refused).toMatchObject({ error, code: 1008 })
    }
    expect(count).toEqual({ transactions: 0, writes: 0 })
    expect(running.peer.lookups).toBe(0)
  })
})

describe('a recorded good connect', () => {
  test('is refused on a second connection, from local too', async () => {
    const first = new RawClient(running.url)
    const recorded = signedConnect(identity, await first.challenge())
    expect(await first.request('connect', recorded)).toMatchObject({ ok: true })
    const replayed = await attempt(() => recorded)
    expect(replayed.error?.details).toEqual({ code: 'DEVICE_AUTH_NONCE_MISMATCH' })
    first.close()
  })

  test('is refused by another gateway', async () => {
    const other = await runGateway()
    const here = new RawClient(running.url)
    const recorded = signedConnect(identity, await here.challenge())
    const there = new RawClient(other.url)
    await there.challenge()
    const { error } = await there.request('connect', recorded)
    expect(error?.details).toEqual({ code: 'DEVICE_AUTH_NONCE_MISMATCH' })
    here.close()
    await other.close()
  })

  test('is an unknown method on its own connection', async () => {
    const client = new RawClient(running.url)
    const recorded = signedConnect(identity, await client.challenge())
    await client.request('connect', recorded)
    const again = await client.request('connect', recorded)
    expect(again.error).toEqual({ code: 'INVALID_REQUEST', message: 'unknown method: "connect"' })
    client.close()
  })
})
