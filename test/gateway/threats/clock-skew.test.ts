import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { createDeviceIdentity, type DeviceIdentity } from '../../../lib/client/index.ts'
import { runGateway, until, type RunningGateway } from '../running-gateway.ts'
import { admittedAs, connectAs, FORWARDED } from '../signed-connect.ts'

const YEARS = 10 * 365.25 * 24 * 60 * 60 * 1000
const HOUR = 60 * 60 * 1000

let running: RunningGateway
afterEach(async () => {
  jest.restoreAllMocks()
  await running.close()
})

/** Sets the wall clock, for the gateway and the clients of this process alike. */
function setWallClock(byMs: number): void {
  jest.restoreAllMocks()
  const { now } = Date
  jest.spyOn(Date, 'now').mockImplementation(() => now() + byMs)
}

describe('threat 6: the clock of a client', () => {
  test.each([
    ['ten years behind', -YEARS],
    ['ten years ahead', YEARS],
    ['at the beginning of time', -Date.now()],
    ['at the end of what can be counted', Number.MAX_SAFE_INTEGER - Date.now()],
  ])('%s gets an error that says so, and pairs nothing', async (_what, offMs) => {
    running = await runGateway()
    for (const headers of [{}, FORWARDED]) {
      const ask = { signedAt: Math.round(Date.now() + offMs) }
      const { client, answer } = await connectAs(running.url, createDeviceIdentity(), ask, headers)
      expect(answer.error).toEqual({
        code: 'INVALID_REQUEST',
        message: expect.stringContaining('clock'),
        details: { code: 'DEVICE_AUTH_SIGNATURE_EXPIRED' },
      })
      expect((await client.closed).code).toBe(1008)
    }
  })

  test.each([-119_000, 119_000])('off by %i ms is let in', async (offMs) => {
    running = await runGateway()
    const { client } = await admittedAs(running.url, createDeviceIdentity(), { signedAt: Date.now() + offMs })
    client.close()
  })
})

describe('threat 6: the wall clock of the gateway, set while a request waits', () => {
  async function pending(identity: DeviceIdentity, requestTtlMs = 300_000) {
    running = await runGateway({ limits: { requestTtlMs } })
    const { client: owner } = await admittedAs(running.url, createDeviceIdentity(), {
      scopes: ['operator.admin'],
    })
    const { answer } = await connectAs(running.url, identity, {}, FORWARDED)
    const { requestId, digest } = answer.error?.details ?? {}
    const waits = async (): Promise<boolean> => {
      const { payload } = await owner.request('device.pair.list')
      return (payload?.pending as unknown[]).length > 0
    }
    return { owner, requestId, digest, waits }
  }

  test.each([-HOUR, HOUR])('by %i ms: the request still waits, and may be approved', async (byMs) => {
    const identity = createDeviceIdentity()
    const { owner, requestId, digest } = await pending(identity)
    setWallClock(byMs)
    expect(await owner.request('device.pair.approve', { requestId, digest })).toMatchObject({ ok: true })
    const { client } = await admittedAs(running.url, identity, {}, FORWARDED)
    client.close()
    owner.close()
  })

  test('an hour back: it ends when its time is over, not an hour later', async () => {
    const { owner, requestId, digest, waits } = await pending(createDeviceIdentity(), 1000)
    setWallClock(-HOUR)
    await until(async () => !(await waits()))
    expect(await owner.request('device.pair.approve', { requestId, digest })).toMatchObject({ ok: false })
    owner.close()
  })
})
