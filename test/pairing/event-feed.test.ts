import { expect, test } from '@jest/globals'
import { eventFeed, type EventFeed } from '../../lib/pairing/event-feed.ts'
import type { NumberedEvent } from '../../lib/pairing/event-log.ts'
import type { PairingStore, PairingTransaction } from '../../lib/pairing/index.ts'
import { memoryStore } from '../../lib/store/memory-store.ts'

type Feed = {
  feed: EventFeed
  store: PairingStore
  applied: number[]
  told: number[]
  gaps: number[]
  /** Called before each look. */
  onRead: { run: () => void }
  /** Called when a look has been answered, before the feed hears of it. */
  onAnswer: { run: () => void }
  add: (node: string, count?: number) => Promise<NumberedEvent[]>
  /** Has the feed read another store from now on. */
  moveTo: (other: PairingStore) => void
}

/** A feed of node `me` over a store, with numbered events that name themselves. */
function feedOf(): Feed {
  let store = memoryStore()
  const [applied, told, gaps]: [number[], number[], number[]] = [[], [], []]
  const onRead: Feed['onRead'] = { run: () => undefined }
  const onAnswer: Feed['onAnswer'] = { run: () => undefined }
  const feed = eventFeed({
    node: 'me',
    read: async <T>(work: (tx: PairingTransaction) => Promise<T>) => {
      onRead.run()
      const answer = await store.transaction(work)
      onAnswer.run()
      return answer
    },
    onApply: (_event, seq) => applied.push(seq),
    onTell: () => told.push(applied.at(-1) ?? 0),
    onGap: () => gaps.push(applied.length),
  })
  const add = (node: string, count = 1): Promise<NumberedEvent[]> =>
    store.transaction(async (tx) => {
      const event = { kind: 'removed', deviceId: 'x' } as const
      const added: NumberedEvent[] = []
      for (let n = 0; n < count; n += 1)
        added.push({ seq: await tx.addEvent({ atMs: 1, node, payload: JSON.stringify(event) }), node, event })
      return added
    })
  return { feed, store, applied, told, gaps, onRead, onAnswer, add, moveTo: (other) => (store = other) }
}

test('what this node has committed is told at once, without a look', async () => {
  const { feed, add, applied, told, onRead } = feedOf()
  await feed.start()
  const own = await add('me', 2)
  onRead.run = () => {
    throw new Error('there was a look')
  }
  feed.committed(own)
  expect([applied, told, feed.seq]).toEqual([[1, 2], [1, 2], 2]) // prettier-ignore
  feed.committed([])
  feed.committed(own)
  expect(applied).toEqual([1, 2])
})

test('before it is started it knows of its own commits alone, wherever their numbers begin', async () => {
  const { feed, add, applied } = feedOf()
  await add('other', 3)
  feed.committed(await add('me'))
  expect(applied).toEqual([4])
})

test('behind what others have committed, its own is told in its turn', async () => {
  const { feed, add, applied, told, onRead } = feedOf()
  await feed.start()
  await add('other', 2)
  const own = await add('me')
  let looks = 0
  onRead.run = () => void (looks += 1)
  feed.committed(own)
  // Nobody has to ask for the look.
  expect([applied, looks]).toEqual([[], 1])
  await feed.catchUp()
  expect([applied, told]).toEqual([[1, 2, 3], [3]])
})

test('a look that fails is a failure for who asked for it alone; the next look finds everything', async () => {
  const { feed, add, applied, onRead } = feedOf()
  await feed.start()
  await add('other')
  onRead.run = () => {
    throw new Error('the store is away')
  }
  // It has committed something, and looks for what came before: nobody waits for this look.
  feed.committed([{ seq: 2, node: 'me', event: { kind: 'removed', deviceId: 'x' } }])
  await expect(feed.catchUp()).rejects.toThrow('the store is away')
  onRead.run = () => undefined
  await feed.catchUp()
  expect(applied).toEqual([1])
})

test('a look that is asked for during another begins after it, and is one for all who ask', async () => {
  const { feed, add, applied, onRead } = feedOf()
  await feed.start()
  let looks = 0
  onRead.run = () => void (looks += 1)
  const first = feed.catchUp()
  const added = add('other')
  const [second, third] = [feed.catchUp(), feed.catchUp()]
  await Promise.all([first, added, second, third])
  expect([applied, looks]).toEqual([[1], 2])
  await feed.catchUp()
  expect(looks).toBe(3)
})

test('a look that is asked for during one that fails is made all the same', async () => {
  const { feed, add, applied, onRead } = feedOf()
  await feed.start()
  await add('other')
  onRead.run = () => {
    onRead.run = () => undefined
    throw new Error('the store is away')
  }
  const [first, second] = [feed.catchUp(), feed.catchUp()]
  await expect(first).rejects.toThrow('the store is away')
  await second
  expect(applied).toEqual([1])
})

test('a store that was put back to an older state is a gap, and what comes then is told', async () => {
  const { feed, add, applied, gaps, moveTo } = feedOf()
  await add('other', 5)
  await feed.start()
  moveTo(memoryStore())
  await feed.catchUp()
  expect([gaps, feed.seq]).toEqual([[0], 0])
  await add('other', 2)
  await feed.catchUp()
  expect([applied, gaps]).toEqual([[1, 2], [0]])
})

test('what another node has left behind is told, and neither applied nor counted', async () => {
  const { feed, add, told, applied } = feedOf()
  for (const node of ['dead', 'other', 'dead', 'me']) await add(node)
  await feed.start()
  await feed.tellOf('dead', 1)
  expect([told.length, applied, feed.seq]).toEqual([1, [], 4])
  await add('dead', 250)
  await feed.tellOf('dead', 4)
  expect(told).toHaveLength(251)
})

test('what another node has left behind and nobody can read any more is not told', async () => {
  const { feed, add, told, store } = feedOf()
  await store.transaction((tx) => tx.addEvent({ atMs: 1, node: 'dead', payload: '{"kind":' }))
  await add('dead')
  await feed.tellOf('dead', 0)
  expect(told).toHaveLength(1)
})

test('what was told while a look was under way is not told again by it', async () => {
  const { feed, add, applied, told, onAnswer } = feedOf()
  await feed.start()
  const own = await add('me', 2)
  onAnswer.run = () => feed.committed(own)
  await feed.catchUp()
  expect([applied, told]).toEqual([
    [1, 2],
    [1, 2],
  ])
})

test.each([
  '{"kind":"requested","requ',
  '7',
  'null',
  '"kind"',
  '{"request":{}}',
  '{"kind":"requested","request":null}',
  '{"kind":"requested","request":7}',
])('one that cannot be read is passed over: %s', async (payload) => {
  const { feed, add, applied, told, gaps, store } = feedOf()
  await feed.start()
  await store.transaction((tx) => tx.addEvent({ atMs: 1, node: 'me', payload }))
  await add('me')
  await feed.catchUp()
  expect([applied, told, gaps]).toEqual([[2], [2], []])
})

test('one that the listener throws at keeps back none behind it', () => {
  const store = memoryStore()
  const told: number[] = []
  const feed = eventFeed({
    node: 'me',
    read: (work) => store.transaction(work),
    onApply: (_event, seq) => {
      if (seq === 1) throw new Error('cannot be applied')
    },
    onTell: () => {
      told.push(feed.seq)
      if (feed.seq === 2) throw new Error('cannot be told')
    },
    onGap: () => undefined,
  })
  const event = { kind: 'removed', deviceId: 'x' } as const
  feed.committed([1, 2, 3].map((seq) => ({ seq, node: 'me', event })))
  expect(told).toEqual([1, 2, 3])
})
