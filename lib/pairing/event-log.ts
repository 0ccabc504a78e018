import type { PairingEvent } from './pairing-context.ts'
import type { PairingTransaction, StoredEvent } from './pairing-store.ts'

/** The seq of the last event that was deleted. */
const SWEPT = 'events-swept'
const PAGE = 100

/** `event` is `null` for one that cannot be read any more. */
export type NumberedEvent = Pick<StoredEvent, 'seq' | 'node'> & { readonly event: PairingEvent | null }

export type EventPage = {
  readonly events: readonly NumberedEvent[]
  /** Some that come after `after` are gone already, or the store is an older one than it was. */
  readonly isGap: boolean
  /** Where to go on from. */
  readonly last: number
  readonly isLastPage: boolean
}

/** Keeps events in the commit of the decision that they tell of, so that a crash in between loses none. */
export async function keepEvents(
  tx: PairingTransaction,
  node: string,
  events: readonly PairingEvent[],
  atMs: number,
): Promise<NumberedEvent[]> {
  const kept: NumberedEvent[] = []
  for (const event of events) {
    const seq = await tx.addEvent({ atMs, node, payload: JSON.stringify(withoutCode(event)) })
    kept.push({ seq, node, event })
  }
  return kept
}

/** What was committed after `after`, by any node. */
export async function eventsAfter(tx: PairingTransaction, after: number): Promise<EventPage> {
  const newest = await tx.lastEventSeq()
  // The one statement that nearly every look costs.
  if (newest <= after) return { events: [], isGap: newest < after, last: newest, isLastPage: true }
  const found = await tx.events({ after, limit: PAGE })
  const events: NumberedEvent[] = []
  for (const { seq, node, payload } of found)
    events.push({ seq, node, event: await withCode(tx, read(payload)) })
  const isNext = found[0]?.seq === after + 1
  const isGap = !isNext && Number((await tx.setting(SWEPT)) ?? 0) > after
  return { events, isGap, last: found.at(-1)?.seq ?? after, isLastPage: found.length < PAGE }
}

/** Forgets those that are older, and that whoever committed them has told. */
export async function sweepEvents(tx: PairingTransaction, beforeMs: number): Promise<void> {
  const upTo = Math.min(...(await tx.nodes()).map(({ toldSeq }) => toldSeq))
  if (upTo === Infinity) return
  const swept = await tx.deleteEvents({ upTo, beforeMs })
  if (swept > 0) await tx.putSetting(SWEPT, String(swept))
}

/** One that cannot be read must not keep back those behind it. */
function read(payload: string): PairingEvent | null {
  try {
    const value: unknown = JSON.parse(payload)
    const isEvent = isObject(value) && 'kind' in value && (!('request' in value) || isObject(value.request))
    return isEvent ? (value as PairingEvent) : null
  } catch {
    return null
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** The code of a request is kept with the request alone, for as long as that is. */
function withoutCode(event: PairingEvent): PairingEvent {
  return 'request' in event ? { ...event, request: { ...event.request, verification: null } } : event
}

async function withCode(tx: PairingTransaction, event: PairingEvent | null): Promise<PairingEvent | null> {
  if (event === null || !('request' in event)) return event
  const verification = (await tx.request(event.request.id))?.verification ?? null
  return { ...event, request: { ...event.request, verification } }
}
