import { expect, test } from '@jest/globals'
import { notingStore } from './noting-store.ts'
import { HOST, onEachStore } from './on-each-store.ts'
import { attemptOf, deviceIdOf, serviceFixture } from './service-fixture.ts'
import { localVerdict } from './verdicts.ts'

const DEVICE = { device: deviceIdOf('phone') }

/** A store that runs several transactions at a time goes by it. */
onEachStore('the device that a transaction is about is told to the store', {}, (bench) => {
  const attempt = attemptOf('phone', 'operator', [], localVerdict)

  test('where it comes with a token and nothing else', async () => {
    const { store, hints } = notingStore(bench.store)
    const { service } = serviceFixture(store)
    const admitted = await service.connect(attempt)
    const token = admitted.kind === 'admitted' ? (admitted.newToken ?? '') : ''
    expect(hints).toEqual([undefined])
    await service.connect({ ...attempt, token })
    await service.connect({ ...attempt, token, bootstrapToken: 'an-invitation' })
    await service.connect({ ...attempt, bootstrapToken: 'an-invitation' })
    expect(hints.slice(1)).toEqual([DEVICE, undefined, undefined])
  })

  test('where it makes a call over HTTP', async () => {
    const { store, hints } = notingStore(bench.store)
    const { service } = serviceFixture(store)
    const call = { deviceId: deviceIdOf('phone'), addressPrefix: '127.0.0.1', verdict: null }
    await service.authenticate({ ...call, token: 'unknown' })
    await service.list(HOST)
    expect(hints).toEqual([DEVICE, undefined])
  })
})
