import { eventsAfter, type NumberedEvent } from './event-log.ts'
import type { PairingEvent } from './pairing-context.ts'
import type { PairingTransaction } from './pairing-store.ts'

export type FeedOptions = {
  readonly node: string
  readonly read: <T>(work: (tx: PairingTransaction) => Promise<T>) => Promise<T>
  /** Every event of every node, in the order of the commits. */
  readonly onApply: (event: PairingEvent, seq: number) => void
  /** Those of this node alone, after they were applied. */
  readonly onTell: (event: PairingEvent) => void
  /** Some were missed, nobody knows which. */
  readonly onGap: () => void
}

/**
 * Follows what all nodes have committed. Its own commits are told at once when nothing came in between; else all
 * that is new is read, so that the order holds. Until it is started it knows of its own commits alone.
 */
export type EventFeed = {
  /** Goes on from what is there now. */
  start(): Promise<void>
  /** Told of its own commits, after them. */
  committed(events: readonly NumberedEvent[]): void
  /** Resolves once everything was applied that had been committed when it was called. */
  catchUp(): Promise<void>
  /** Tells what a node has left behind: its events after `after`. Resolves when they were told. */
  tellOf(node: string, after: number): Promise<void>
  /** The last one that was applied. */
  readonly seq: number
}

export function eventFeed({ node, read, onApply, onTell, onGap }: FeedOptions): EventFeed {
  let seq = 0
  let isFollowing = false
  let running: Promise<void> | null = null
  let next: Promise<void> | null = null

  function accept(numbered: NumberedEvent): void {
    if (numbered.seq <= seq) return
    seq = numbered.seq
    const { event } = numbered
    if (event === null) return
    attempt(() => onApply(event, numbered.seq))
    if (numbered.node === node) attempt(() => onTell(event))
  }

  async function follow(): Promise<void> {
    for (;;) {
      const { events, isGap, last, isLastPage } = await read((tx) => eventsAfter(tx, seq))
      if (isGap) {
        onGap()
        seq = Math.min(seq, last)
      }
      for (const event of events) accept(event)
      if (isLastPage) return
    }
  }

  function catchUp(): Promise<void> {
    if (running === null) {
      running = follow().finally(() => (running = null))
      return running
    }
    // The one under way may have looked too early.
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = null
        return catchUp()
      })
    return next
  }

  return {
    get seq() {
      return seq
    },
    async start() {
      seq = await read((tx) => tx.lastEventSeq())
      isFollowing = true
    },
    committed(events) {
      const [first] = events
      if (first === undefined) return
      if (!isFollowing || first.seq === seq + 1) for (const event of events) accept(event)
      // Whoever looks at intervals tries again.
      else catchUp().catch(() => undefined)
    },
    catchUp,
    async tellOf(other, after) {
      for (let from = after; ;) {
        const { events, last, isLastPage } = await read((tx) => eventsAfter(tx, from))
        for (const { node: by, event } of events)
          if (by === other && event !== null) attempt(() => onTell(event))
        if (isLastPage) return
        from = last
      }
    },
  }
}

/** It is committed: one event that cannot be told neither undoes it nor keeps back the next. */
function attempt(tell: () => void): void {
  try {
    tell()
  } catch {
    // Its own fault.
  }
}
