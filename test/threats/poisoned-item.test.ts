import { expect, test } from '@jest/globals'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import type { PairingEvent } from '../../lib/pairing/index.ts'
import { memoryStore } from '../../lib/store/index.ts'
import { runGateway } from '../gateway/running-gateway.ts'
import { admittedAs, connectAs, FORWARDED } from '../gateway/signed-connect.ts'

const nameOf = (event: PairingEvent): string | null =>
  event.kind === 'requested' || event.kind === 'resolved' ? event.request.displayName : null

test.each<[string, () => unknown]>([
  ['throws', () => { throw new Error('poison') }], // prettier-ignore
  ['rejects', () => Promise.reject(new Error('poison'))],
  ['hangs', () => new Promise(() => undefined)],
  ['answers with a thenable that throws', () => ({ then: () => { throw new Error('poison') } })], // prettier-ignore
])(
  'threat 21: a listener that %s at one device keeps back nobody else, and the order stays',
  async (what, poisoned) => {
    const told: string[] = []
    const errors: string[] = []
    const running = await runGateway({
      logger: {
        info: () => undefined,
        warn: () => undefined,
        error: (message) => errors.push(message),
      },
      onEvent: (event) => {
        const name = nameOf(event)
        if (name === 'poison') return poisoned() as undefined
        if (name !== null) told.push(`${event.kind} ${name}`)
      },
    })
    const { client: owner } = await admittedAs(running.url, createDeviceIdentity(), {
      scopes: ['operator.admin'],
    })
    const ids: unknown[] = []
    for (const displayName of ['poison', 'a', 'poison', 'b']) {
      const { client, answer } = await connectAs(running.url, createDeviceIdentity(), { client: { displayName } }, FORWARDED) // prettier-ignore
      expect(answer.error?.code).toBe('NOT_PAIRED')
      ids.push(answer.error?.details?.requestId)
      client.close()
    }
    for (const requestId of ids)
      expect((await owner.event('device.pair.requested')).payload?.requestId).toBe(requestId)
    for (const requestId of ids)
      expect(await owner.request('device.pair.approve', { requestId })).toMatchObject({ ok: true })
    // Requested and resolved, twice each; what hangs is nobody's error.
    expect(errors).toHaveLength(what === 'hangs' ? 0 : 4)
    expect(told).toEqual(['requested a', 'requested b', 'resolved a', 'resolved b'])
    owner.close()
    await running.close()
  },
)

test('threat 21: an event of an earlier run that cannot be told does not keep the gateway from starting', async () => {
  const store = memoryStore()
  const removed = { kind: 'removed', deviceId: 'd'.repeat(64) }
  await store.transaction(async (tx) => {
    await tx.putNode({ id: 'killed', host: 'here', pid: 2 ** 22 + 1, beat: 1, toldSeq: 0, heir: null })
    for (const payload of ['{"kind":', '{"kind":"requested"}', 'null', '7', JSON.stringify(removed)])
      await tx.addEvent({ atMs: 1, node: 'killed', payload })
  })
  const told: unknown[] = []
  const running = await runGateway({ store, host: 'here', onEvent: (event) => told.push(event) })
  expect(told.at(-1)).toEqual(removed)
  const { client } = await admittedAs(running.url, createDeviceIdentity())
  client.close()
  await running.close()
})

test('threat 21: a logger that rejects does not end the process', async () => {
  const running = await runGateway({
    logger: {
      info: () => Promise.reject(new Error('x')) as unknown as undefined,
      warn: () => Promise.reject(new Error('x')) as unknown as undefined,
      error: () => Promise.reject(new Error('x')) as unknown as undefined,
    },
  })
  const faults: unknown[] = []
  const onFault = (fault: unknown): void => void faults.push(fault)
  process.on('unhandledRejection', onFault)
  const { client, answer } = await connectAs(running.url, createDeviceIdentity(), {}, FORWARDED)
  expect(answer.error?.code).toBe('NOT_PAIRED')
  for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', onFault)
  expect(faults).toEqual([])
  client.close()
  await running.close()
})
