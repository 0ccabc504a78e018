import { expect, test } from '@jest/globals'
import { eventsAfter, sweepEvents, type EventPage } from '../../lib/pairing/event-log.ts'
import { notingCalls, type StoreCall } from './noting-store.ts'
import { HOST, onEachStore, requestWithCode } from './on-each-store.ts'

onEachStore('the log of events', {}, (bench) => {
  const add = (count: number): Promise<void> =>
    bench.store.transaction(async (tx) => {
      for (let n = 0; n < count; n += 1)
        await tx.addEvent({ atMs: 1, node: 'a', payload: '{"kind":"removed","deviceId":"x"}' })
    })
  /** What is found after a number, and what was asked of the store for that. */
  async function look(after: number): Promise<{ page: EventPage; asked: string[] }> {
    const calls: StoreCall[] = []
    const page = await bench.store.transaction((tx) => eventsAfter(notingCalls(tx, calls), after))
    return { page, asked: calls.map(([operation]) => operation) }
  }
  const seqsAfter = async (after: number): Promise<unknown> => {
    const { events, isGap, last, isLastPage } = (await look(after)).page
    return { seqs: events.map(({ seq }) => seq), isGap, last, isLastPage }
  }
  const listNode = (id: string, toldSeq: number): Promise<void> =>
    bench.store.transaction((tx) => tx.putNode({ id, host: '', pid: 1, beat: 1, toldSeq, heir: null }))
  const sweep = (beforeMs: number): Promise<void> =>
    bench.store.transaction((tx) => sweepEvents(tx, beforeMs))
  const swept = (): Promise<string | null> => bench.store.transaction((tx) => tx.setting('events-swept'))

  test('costs one statement where there is nothing new', async () => {
    const nothing = { events: [], isGap: false, isLastPage: true }
    expect(await look(0)).toEqual({ page: { ...nothing, last: 0 }, asked: ['lastEventSeq'] })
    await add(2)
    expect(await look(2)).toEqual({ page: { ...nothing, last: 2 }, asked: ['lastEventSeq'] })
  })

  test('is read without another look where nothing is missing', async () => {
    await add(3)
    const { page, asked } = await look(1)
    expect([page.isGap, asked]).toEqual([false, ['lastEventSeq', 'events']])
  })

  test('has a gap where it ends before what was read of it', async () => {
    await add(2)
    expect(await seqsAfter(3)).toEqual({ seqs: [], isGap: true, last: 2, isLastPage: true })
  })

  test('has a gap for who has not read all that was swept, and for nobody else', async () => {
    await add(5)
    await listNode('a', 3)
    await sweep(2)
    expect(await seqsAfter(2)).toEqual({ seqs: [4, 5], isGap: true, last: 5, isLastPage: true })
    expect(await seqsAfter(3)).toEqual({ seqs: [4, 5], isGap: false, last: 5, isLastPage: true })
  })

  test('has no gap where a number was left out, and none was swept behind what was read', async () => {
    await add(5)
    const without = (missing: number, after: number): Promise<EventPage> =>
      bench.store.transaction((tx) => {
        const events: typeof tx.events = async (page) =>
          (await tx.events(page)).filter(({ seq }) => seq !== missing)
        return eventsAfter({ ...tx, events }, after)
      })
    expect(await without(4, 3)).toMatchObject({ events: [{ seq: 5 }], isGap: false })
    await listNode('a', 3)
    await sweep(2)
    expect(await without(4, 3)).toMatchObject({ events: [{ seq: 5 }], isGap: false })
  })

  test('is kept whole while no node is known to have told of it', async () => {
    await add(3)
    await sweep(2)
    expect([await seqsAfter(0), await swept()]).toMatchObject([{ seqs: [1, 2, 3] }, null])
    await listNode('a', 3)
    await listNode('b', 0)
    await sweep(2)
    expect([await seqsAfter(0), await swept()]).toMatchObject([{ seqs: [1, 2, 3] }, null])
  })

  test('is known to have a gap after a sweep that finds nothing more', async () => {
    await add(5)
    await listNode('a', 3)
    await sweep(2)
    await sweep(1)
    await sweep(2)
    expect([await seqsAfter(0), await swept()]).toMatchObject([{ isGap: true }, '3'])
  })

  test('has no code of a request, and is read with that for as long as the request is kept', async () => {
    const { service } = bench.fixture
    const request = await requestWithCode(bench.fixture, 'phone', [], '4821-0937')
    const [stored] = await bench.store.transaction((tx) => tx.events({ after: 0, limit: 1 }))
    expect(JSON.parse(stored?.payload ?? '')).toEqual({ kind: 'requested', request: { ...request, verification: null } }) // prettier-ignore
    expect((await look(0)).page.events).toMatchObject([{ event: { kind: 'requested', request } }])
    await service.reject(HOST, request.id)
    await bench.store.transaction((tx) => tx.deleteSettledRequests(['rejected'], bench.fixture.clock.nowMs + 1)) // prettier-ignore
    expect((await look(0)).page.events).toMatchObject([
      { event: { kind: 'requested', request: { id: request.id, verification: null } } },
      { event: { kind: 'resolved', request: { id: request.id, verification: null } } },
    ])
  })

  test('gives what is not about a request as it was', async () => {
    await add(1)
    const { page, asked } = await look(0)
    expect(page.events).toEqual([{ seq: 1, node: 'a', event: { kind: 'removed', deviceId: 'x' } }])
    expect(asked).not.toContain('request')
  })
})
