import { expect, test } from '@jest/globals'
import { HOST, onEachStore, refusal, SHARED_SECRET } from './on-each-store.ts'
import { deviceIdOf } from './service-fixture.ts'
import { localVerdict, remoteVerdict } from './verdicts.ts'

onEachStore('what a gateway keeps about itself:', {}, (bench) => {
  test('what the doctor found last, for admins', async () => {
    const { service, events } = bench.fixture
    const admin = await bench.fixture.owner()
    expect(await service.lastDoctorRun(admin)).toBeNull()
    await service.keepDoctorRun(admin, 'one')
    expect(events.at(-1)).toEqual({ kind: 'changed', what: 'doctor', deviceId: null })
    await service.keepDoctorRun(HOST, 'two')
    expect(await service.lastDoctorRun(admin)).toBe('two')
    // Where stores that are there already have it.
    expect(await bench.store.transaction((tx) => tx.setting('doctor-run'))).toBe('two')
    const reader = await bench.fixture.owner('reader', ['operator.read'])
    await expect(service.keepDoctorRun(reader, 'three')).rejects.toEqual(refusal('FORBIDDEN'))
    await expect(service.lastDoctorRun(reader)).rejects.toEqual(refusal('FORBIDDEN'))
    expect(await bench.restarted().service.lastDoctorRun(SHARED_SECRET)).toBe('two')
  })

  test('its taint, over a restart, until it is cleared', async () => {
    const { service, events } = bench.fixture
    expect(await service.taint()).toBeNull()
    const taint = { sinceMs: 1, why: 'a probe looked local' }
    await service.putTaint(HOST, taint)
    expect(events.at(-1)).toEqual({ kind: 'tainted', taint })
    // Other versions of this package find it by that name.
    const stored = await bench.store.transaction((tx) => tx.setting('gateway-taint'))
    expect(JSON.parse(stored ?? '')).toEqual(taint)
    expect(JSON.parse((await bench.restarted().service.taint()) ?? '')).toEqual(taint)
    await service.putTaint(HOST, null)
    expect(events.at(-1)).toEqual({ kind: 'tainted', taint: null })
    expect(await service.taint()).toBeNull()
  })

  test('whether a device holds anything, which has not ended', async () => {
    const { service, clock, request, connect } = bench.fixture
    const id = deviceIdOf('phone')
    const { id: requestId } = await request('phone', 'operator', [])
    expect(await service.isPaired(id)).toBe(false)
    await service.approve(HOST, { requestId, expiresInMs: 1000 })
    expect(await service.isPaired(id)).toBe(true)
    clock.nowMs += 1000
    expect(await service.isPaired(id)).toBe(false)
    await connect('phone', 'node', [])
    expect(await service.isPaired(id)).toBe(true)
  })
})

onEachStore('a window for silent pairing', { silent: { mode: 'window' } }, (bench) => {
  const tool = () => bench.fixture.connect('tool', 'operator', [])

  test('lasts from when it is opened for as long as it says', async () => {
    const { service, clock } = bench.fixture
    expect(await tool()).toMatchObject({ kind: 'waiting' })
    await service.openWindow(60_000)
    clock.nowMs += 59_999
    expect(service.mayPairSilently(localVerdict, { role: 'operator', scopes: [] })).toBe(true)
    expect(service.mayPairSilently(remoteVerdict, { role: 'operator', scopes: [] })).toBe(false)
    expect(await tool()).toMatchObject({ kind: 'admitted', silent: true })
    clock.nowMs += 1
    expect(service.mayPairSilently(localVerdict, { role: 'operator', scopes: [] })).toBe(false)
    expect(await bench.fixture.connect('next', 'operator', [])).toMatchObject({ kind: 'waiting' })
    // What was given stays.
    expect(await tool()).toMatchObject({ kind: 'admitted', silent: false })
  })

  test('is shut at once, and no restart opens it again', async () => {
    const { service } = bench.fixture
    await service.openWindow(60_000)
    expect(await bench.restarted().connect('tool', 'operator', [])).toMatchObject({ kind: 'waiting' })
    await service.openWindow(0)
    expect(await tool()).toMatchObject({ kind: 'waiting' })
  })
})
