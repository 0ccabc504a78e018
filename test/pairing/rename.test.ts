import { expect, test } from '@jest/globals'
import { HOST, onEachStore, refusal } from './on-each-store.ts'
import { deviceIdOf } from './service-fixture.ts'

onEachStore('a name of the owner’s', {}, (bench) => {
  const rename = (label: string, device = 'tool') =>
    bench.fixture.service.rename(HOST, deviceIdOf(device), label)
  const labelOf = async (device: string): Promise<unknown> =>
    (await bench.store.transaction((tx) => tx.device(deviceIdOf(device))))?.label

  test('is cleaned, kept over the device’s own, and recorded with the one before', async () => {
    await bench.fixture.connect('tool', 'operator', [])
    expect(await rename('  Kitchen\u202e\u001b[2J \n tablet ')).toBe('Kitchen [2J tablet')
    bench.fixture.clock.nowMs += 60_000
    await bench.fixture.connect('tool', 'operator', [])
    expect(await labelOf('tool')).toBe('Kitchen [2J tablet')
    await rename('Hall')
    expect((await bench.audit()).at(-1)).toMatchObject({ kind: 'device-renamed', actor: 'host' })
    expect(JSON.parse((await bench.audit()).at(-1)?.details ?? '')).toEqual({
      label: 'Hall',
      before: 'Kitchen [2J tablet',
    })
  })

  test.each(['', ' \t ', '\u200b\u202e', '\u3164\u115f', '\u2800', '\u{E0041}'])(
    'that shows nothing (%j) is refused, and the old one stays',
    async (label) => {
      await bench.fixture.connect('tool', 'operator', [])
      await rename('Hall')
      await expect(rename(label)).rejects.toEqual(refusal('INVALID_REQUEST'))
      expect(await labelOf('tool')).toBe('Hall')
    },
  )

  test('is for the device itself and for admins to give', async () => {
    const one = await bench.fixture.owner('one', ['operator.pairing'])
    const two = await bench.fixture.owner('two', ['operator.pairing'])
    const { service } = bench.fixture
    expect(await service.rename(one, one.deviceId, 'One')).toBe('One')
    await expect(service.rename(one, two.deviceId, 'Mine')).rejects.toEqual(refusal('FORBIDDEN'))
    await service.remove(HOST, one.deviceId)
    await expect(service.rename(one, one.deviceId, 'Ghost')).rejects.toEqual(refusal('FORBIDDEN'))
    await expect(rename('x', 'nobody')).rejects.toEqual(refusal('NOT_FOUND'))
  })
})
