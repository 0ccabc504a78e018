import type { PairedDevice, PendingRequest } from './records.ts'

/** A part of a list: what was searched for, and how many lines of it. */
export type Look = { readonly search: string; readonly shown: number }

type Page = {
  readonly pending?: readonly PendingRequest[]
  readonly paired: readonly PairedDevice[]
  readonly total?: number
  readonly cursor: string | null
}

export type ReadPages = {
  readonly pending: readonly PendingRequest[]
  readonly paired: readonly PairedDevice[]
  readonly total: number
  readonly hasMore: boolean
}

/** The most that the gateway gives at once. */
const PAGE = 200
/** A search through very many devices comes in pages with few of them, or none. */
const MAX_PAGES = 20

/** Asks for pages until there are as many lines as are looked at. */
export async function readPages(
  request: (method: string, params: object) => Promise<unknown>,
  method: 'device.pair.requests' | 'device.pair.devices',
  { search, shown }: Look,
): Promise<ReadPages> {
  const pending: PendingRequest[] = []
  const paired: PairedDevice[] = []
  const isFull = (): number => (method === 'device.pair.requests' ? pending.length : paired.length)
  let total = 0
  let cursor: string | null = null
  for (let pages = 0; pages < MAX_PAGES && isFull() < shown; pages += 1) {
    const limit = Math.min(PAGE, shown - isFull())
    const page = (await request(method, { search, limit, ...(cursor === null ? {} : { cursor }) })) as Page
    pending.push(...(page.pending ?? []))
    paired.push(...page.paired)
    total = page.total ?? total
    cursor = page.cursor
    if (cursor === null) break
  }
  // Between two pages one may have moved from the one to the other.
  return {
    pending: once(pending, ({ requestId }) => requestId),
    paired: once(paired, ({ deviceId }) => deviceId),
    total,
    hasMore: cursor !== null,
  }
}

function once<R>(records: readonly R[], keyOf: (record: R) => string): R[] {
  return [...new Map(records.map((record) => [keyOf(record), record])).values()]
}
