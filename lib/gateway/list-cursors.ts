import { LatchkeyError } from '../errors.ts'
import type { PairingRequest, RecentPosition } from '../pairing/index.ts'

type RequestPosition = Pick<PairingRequest, 'createdAtMs' | 'id'>

/** Where a page of devices ended, as text; nothing secret is in it. */
export function seenCursor(position: RecentPosition | null): string | null {
  if (position === null) return null
  return position.among === 'connected' ? `connected:${position.id}` : `${position.seenAtMs}:${position.id}`
}

/** @throws {LatchkeyError} INVALID_REQUEST for what this gateway did not make */
export function readSeenCursor(cursor: string | undefined): RecentPosition | undefined {
  if (cursor === undefined) return undefined
  const [, place = '', id = ''] = /^(connected|\d{1,15}):(.{1,128})$/.exec(cursor) ?? notOurs()
  return place === 'connected' ? { among: 'connected', id } : { among: 'seen', seenAtMs: Number(place), id }
}

/** The same for requests. */
export function requestCursor(position: RequestPosition | null): string | null {
  return position === null ? null : `${position.createdAtMs}:${position.id}`
}

/** @throws {LatchkeyError} INVALID_REQUEST for what this gateway did not make */
export function readRequestCursor(cursor: string | undefined): RequestPosition | undefined {
  if (cursor === undefined) return undefined
  const [, createdAtMs = '', id = ''] = /^(\d{1,15}):(.{1,128})$/.exec(cursor) ?? notOurs()
  return { createdAtMs: Number(createdAtMs), id }
}

function notOurs(): never {
  throw new LatchkeyError(
    'INVALID_REQUEST',
    'cursor: expected the cursor of an earlier page, as it was given',
  )
}
