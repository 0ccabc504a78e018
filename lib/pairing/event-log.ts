import type { PairingEvent } from './pairing-context.ts'
import type { PairingTransaction } from './pairing-store.ts'

/** The seq of the last event that was told. */
const TOLD = 'events-told'
const PAGE = 100

/** `event` is `null` for one that cannot be read any more. */
export type NumberedEvent = { readonly seq: number; readonly event: PairingEvent | null }

/** Keeps events in the commit of the decision that they tell of, so that a crash in between loses none. */
export async function keepEvents(
  tx: PairingTransaction,
  events: readonly PairingEvent[],
  atMs: number,
): Promise<NumberedEvent[]> {
  const kept: NumberedEvent[] = []
  for (const event of events)
    kept.push({ seq: await tx.addEvent({ atMs, payload: JSON.stringify(withoutCode(event)) }), event })
  return kept
}

/** Those that were committed and not noted as told: after a crash, some are told twice. */
export async function untoldEvents(tx: PairingTransaction): Promise<NumberedEvent[]> {
  const after = Number((await tx.setting(TOLD)) ?? 0)
  const found = await tx.events({ after, limit: PAGE })
  const told: NumberedEvent[] = []
  for (const { seq, payload } of found) told.push({ seq, event: await withCode(tx, read(payload)) })
  return told
}

/** One that cannot be read must not keep back those behind it. */
function read(payload: string): PairingEvent | null {
  try {
    return JSON.parse(payload) as PairingEvent
  } catch {
    return null
  }
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

/** Notes that all up to this one were told, and forgets them. */
export async function noteTold(tx: PairingTransaction, seq: number): Promise<void> {
  if (seq <= Number((await tx.setting(TOLD)) ?? 0)) return
  await tx.putSetting(TOLD, String(seq))
  await tx.deleteEvents(seq)
}
