import { expect, test } from '@jest/globals'
import { HOST, onEachStore } from './on-each-store.ts'

const HOUR_MS = 60 * 60 * 1000
const DAY_MS = 24 * HOUR_MS

onEachStore('a sweep', {}, (bench) => {
  /** Whether something is still there this long from now, at the edge and just beyond it. */
  async function isKept(read: () => Promise<boolean>, forMs: number): Promise<boolean[]> {
    const { service, clock } = bench.fixture
    const kept: boolean[] = []
    for (const addedMs of [0, forMs, 1]) {
      clock.nowMs += addedMs
      await service.sweep()
      kept.push(await read())
    }
    return kept
  }
  const hasRequest = async (id: string): Promise<boolean> =>
    (await bench.store.transaction((tx) => tx.request(id))) !== null

  test.each(['approve', 'reject'] as const)('keeps a request after an answer (%s) for a day', async (how) => {
    const { service, request } = bench.fixture
    const { id: requestId } = await request('phone', 'operator', [])
    if (how === 'approve') await service.approve(HOST, { requestId })
    else await service.reject(HOST, requestId)
    expect(await isKept(() => hasRequest(requestId), DAY_MS)).toEqual([true, true, false])
  })

  test('keeps a request that was widened for an hour', async () => {
    const { request } = bench.fixture
    const { id } = await request('phone', 'operator', [])
    await request('phone', 'operator', ['operator.read'])
    expect(await isKept(() => hasRequest(id), HOUR_MS)).toEqual([true, true, false])
  })

  test('keeps a grant until a day after its end', async () => {
    const { service, request } = bench.fixture
    const { id: requestId } = await request('phone', 'operator', [])
    await service.approve(HOST, { requestId, expiresInMs: HOUR_MS })
    const isThere = async (): Promise<boolean> => (await bench.grantsOf('phone')).length === 1
    expect(await isKept(isThere, HOUR_MS + DAY_MS)).toEqual([true, true, false])
  })
})
