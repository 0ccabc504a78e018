import { expect, test } from '@jest/globals'
import { HOST, onEachStore } from './on-each-store.ts'
import { attemptOf, LIMITS } from './service-fixture.ts'
import { remoteVerdict } from './verdicts.ts'

const HOUR_MS = 3600 * 1000
const from = (clientAddress: string) => ({ ...remoteVerdict, clientAddress })

onEachStore('the caps on requests', { limits: { maxRequestsPerDevice: 4 } }, (bench) => {
  const widen = (i: number) => bench.fixture.connect('phone', 'operator', [`app.s${i}`], remoteVerdict)

  test('one key makes so many in an hour, widened and decided ones included; covered retries cost nothing', async () => {
    for (let i = 0; i < 2; i += 1) expect(await widen(i)).toMatchObject({ isNew: true })
    const { id } = await bench.fixture.request('phone', 'operator', ['app.s2'])
    await bench.fixture.service.reject(HOST, id)
    expect(await widen(3)).toMatchObject({ isNew: true })
    for (let i = 0; i < 5; i += 1) expect(await widen(3)).toMatchObject({ isNew: false, unfiled: null })
    expect(await widen(4)).toMatchObject({ request: null, unfiled: 'too-often' })
    // What it waits for already is not touched.
    expect((await bench.fixture.service.list(HOST)).pending[0]?.asks[0]?.scopes).toEqual(['app.s3'])
    await bench.fixture.service.sweep()
    expect(await widen(4)).toMatchObject({ isNew: false, unfiled: 'too-often' })
    bench.fixture.clock.nowMs += HOUR_MS
    expect(await widen(4)).toMatchObject({ request: null, isNew: false, unfiled: 'too-often' })
    bench.fixture.clock.nowMs += 1
    expect(await widen(4)).toMatchObject({ isNew: true })
  })

  test('one request asks for 128 scopes at most, over all its roles', async () => {
    const many = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name}.s${i}`)
    expect(await bench.fixture.request('phone', 'operator', many('a', 64))).toMatchObject({})
    const full = await bench.fixture.request('phone', 'node', many('b', 64))
    expect(await bench.fixture.connect('phone', 'node', ['c.s'], remoteVerdict)).toMatchObject({
      request: null,
      unfiled: 'too-much',
    })
    expect(await bench.fixture.request('phone', 'node', ['b.s63'])).toMatchObject({ id: full.id })
    expect(await bench.fixture.connect('big', 'node', many('d', 129), remoteVerdict)).toMatchObject({
      unfiled: 'too-much',
    })
    expect((await bench.fixture.request('big', 'node', many('d', 128))).asks[0]?.scopes).toHaveLength(128)
  })

  test('a prefix has room again once its requests have ended, and a decided one makes room at once', async () => {
    for (let i = 0; i < LIMITS.maxPendingPerPrefix; i += 1)
      await bench.fixture.request(`d${i}`, 'operator', [])
    const late = () => bench.fixture.connect('late', 'operator', [], remoteVerdict)
    expect(await late()).toMatchObject({ unfiled: 'too-many' })
    const [first] = (await bench.fixture.service.list(HOST)).pending
    await bench.fixture.service.reject(HOST, first?.id ?? '')
    expect(await late()).toMatchObject({ isNew: true })
    bench.fixture.clock.nowMs += LIMITS.requestTtlMs
    expect(await bench.fixture.connect('later', 'operator', [], remoteVerdict)).toMatchObject({ isNew: true })
  })

  test('who is at home is paired silently beside any flood', async () => {
    for (let i = 0; i < LIMITS.maxPending; i += 1)
      await bench.fixture.request(`d${i}`, 'operator', [], from(`198.51.100.${i}`))
    expect(await bench.fixture.connect('other', 'operator', [], from('192.0.2.9'))).toMatchObject({
      unfiled: 'too-many',
    })
    expect(await bench.fixture.connect('tool', 'operator', ['operator.admin'])).toMatchObject({
      silent: true,
    })
  })

  test('an id names one request for good, so a connection files one', async () => {
    const attempt = attemptOf('phone', 'operator', ['operator.write'], remoteVerdict)
    const first = await bench.fixture.service.connect(attempt)
    await bench.fixture.service.approve(HOST, { requestId: attempt.requestId, scopes: ['operator.read'] })
    expect(first).toMatchObject({ isNew: true })
    expect(await bench.fixture.service.connect(attempt)).toMatchObject({
      kind: 'waiting',
      request: null,
      unfiled: 'decided',
    })
    expect(await bench.store.transaction((tx) => tx.request(attempt.requestId))).toMatchObject({
      state: 'approved',
    })
  })
})
