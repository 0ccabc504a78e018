import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createDeviceIdentity } from '../../../lib/client/index.ts'
import type { PeerLookup } from '../../../lib/index.ts'
import { METRICS_TOKEN, readMetrics } from '../read-metrics.ts'
import { RawClient, type Frame } from '../raw-client.ts'
import { runGateway, type RunningGateway } from '../running-gateway.ts'
import { connectAs, connectWithoutDevice, signedConnect } from '../signed-connect.ts'

const SECRET = 'the-secret-that-all-share'
const RIGHT = { auth: { token: SECRET }, scopes: ['operator.read'] }
const ATTEMPTS = 10_000
/** At a time: fewer than there may be unauthenticated sockets. */
const LANES = 16
/** The default of `authFailures`. */
const ALLOWED = 10
/** Where the tools of this machine call from: the kernel knows them. Everybody else is a relay's doing. */
const OWN = '127.0.0.77'

const peerLookup: PeerLookup = {
  name: 'by address',
  lookup: ({ remoteAddress }) => Promise.resolve({ status: remoteAddress === OWN ? 'same-user' : 'relay' }),
  close: () => Promise.resolve(),
}

let running: RunningGateway
beforeAll(async () => {
  const auth = { mode: 'token', token: SECRET } as const
  running = await runGateway({ auth, peerLookup, metricsToken: METRICS_TOKEN })
})
afterAll(() => running.close())

/** Bytes that are in use after everything else was collected. */
function usedHeap(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}

async function own(identity: ReturnType<typeof createDeviceIdentity> | null, auth: object): Promise<unknown> {
  const client = new RawClient(running.url, {}, { localAddress: OWN })
  const nonce = await client.challenge()
  const ask = { ...RIGHT, auth }
  const params =
    identity === null
      ? { ...signedConnect(createDeviceIdentity(), nonce, ask), device: undefined }
      : signedConnect(identity, nonce, ask)
  const answer = await client.request('connect', params)
  client.close()
  return outcome(answer)
}

const outcome = ({ ok, error }: Frame): unknown => (ok === true ? 'ok' : error?.details?.code)

async function wrong(i: number): Promise<unknown> {
  const ask = { auth: { token: `wrong-${i}` } }
  // Every eighth makes a key for itself, and some claim a token.
  const { client, answer } = await (i % 8 === 0
    ? connectAs(
        running.url,
        createDeviceIdentity(),
        i % 16 === 0 ? { auth: { ...ask.auth, deviceToken: `t${i}` } } : ask,
      )
    : connectWithoutDevice(running.url, ask))
  client.close()
  return outcome(answer)
}

async function flood(from: number, to: number, counts: Map<unknown, number>): Promise<void> {
  let next = from
  const lane = async (): Promise<void> => {
    while (next < to) {
      const code = await wrong(next++)
      counts.set(code, (counts.get(code) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
}

const failures = async (): Promise<number> =>
  (await readMetrics(running, 'latchkey_auth_failures_total{')).reduce(
    (sum, line) => sum + Number(line.split(' ').at(-1)),
    0,
  )

test(`threat 23: of ${ATTEMPTS} wrong secrets on loopback ${ALLOWED} are looked at, and nobody else is kept out`, async () => {
  const paired = createDeviceIdentity()
  expect(await own(paired, RIGHT.auth)).toBe('ok')

  const counts = new Map<unknown, number>()
  await flood(0, 1000, counts)
  const heapBefore = usedHeap()
  const rest = flood(1000, ATTEMPTS, counts)
  // While it goes on: a paired device, a new one, and a client without one, each with the right secret.
  for (let i = 0; i < 10; i += 1) {
    expect(await own(paired, RIGHT.auth)).toBe('ok')
    expect(await own(null, RIGHT.auth)).toBe('ok')
  }
  expect(await own(createDeviceIdentity(), RIGHT.auth)).toBe('ok')
  await rest
  const grownBy = usedHeap() - heapBefore

  const mismatches =
    (counts.get('AUTH_TOKEN_MISMATCH') ?? 0) + (counts.get('AUTH_DEVICE_TOKEN_MISMATCH') ?? 0)
  expect(mismatches).toBe(ALLOWED)
  expect(counts.get('AUTH_RATE_LIMITED')).toBe(ATTEMPTS - ALLOWED)
  expect(await failures()).toBe(ALLOWED)
  expect(await readMetrics(running, 'latchkey_rate_limited_total')).toEqual([
    `latchkey_rate_limited_total ${ATTEMPTS - ALLOWED}`,
  ])
  expect(grownBy).toBeLessThan(8e6)

  // Those who are proved local are limited as well.
  const again: unknown[] = []
  for (let i = 0; i < 2 * ALLOWED; i += 1) again.push(await own(null, { token: `wrong-${i}` }))
  expect(again).toEqual([
    ...new Array<string>(ALLOWED).fill('AUTH_TOKEN_MISMATCH'),
    ...new Array<string>(ALLOWED).fill('AUTH_RATE_LIMITED'),
  ])
  expect(await failures()).toBe(2 * ALLOWED)
  expect(await own(null, RIGHT.auth)).toBe('AUTH_RATE_LIMITED')
  expect(await own(paired, RIGHT.auth)).toBe('ok')
}, 180_000)
