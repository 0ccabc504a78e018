import { readKeptHead, writeKeptHead } from '../evidence/index.ts'
import { parseAuditHead, type AuditHead, type HeadMemory } from '../pairing/index.ts'
import type { Logger } from './logger.ts'

const WRITE_EVERY_MS = 1000

/** The heads of one folder. What waits to be written goes out at most once a second, and with `close`. */
export type HeadFiles = HeadMemory & { close(): Promise<void> }

type Kept = {
  latest: AuditHead | null
  /** The one to write; `null`: it is written. */
  due: { readonly head: AuditHead; readonly isAccepted: boolean } | null
  /** What is there could not be read, and is left for the owner to look at. */
  isUnreadable: boolean
}

export function keepHeads(folder: string, logger: Logger): HeadFiles {
  const gateways = new Map<string, Kept>()
  let timer: NodeJS.Timeout | null = null
  let writing: Promise<void> = Promise.resolve()
  let hasFailed = false

  function keptOf(gatewayId: string): Kept {
    const known = gateways.get(gatewayId)
    if (known !== undefined) return known
    const kept: Kept = { latest: null, due: null, isUnreadable: false }
    try {
      kept.latest = read(gatewayId)
    } catch (error) {
      kept.isUnreadable = true
      logger.error('the remembered head of the audit log cannot be read, so none is kept', { error })
    }
    gateways.set(gatewayId, kept)
    return kept
  }

  function read(gatewayId: string): AuditHead | null {
    const text = readKeptHead(folder, gatewayId)
    if (text === null) return null
    const head = parseAuditHead(text)
    if (head === null) throw new Error('it does not hold a head')
    return head
  }

  async function write(gatewayId: string, kept: Kept): Promise<void> {
    const { due } = kept
    if (due === null) return
    kept.due = null
    try {
      // Another process that serves the same store may have been faster.
      if (!due.isAccepted && isBehind(due.head, read(gatewayId))) return
      await writeKeptHead(folder, gatewayId, `${JSON.stringify({ gatewayId, ...due.head })}\n`)
      hasFailed = false
    } catch (error) {
      if (!hasFailed) logger.warn('the head of the audit log cannot be kept outside of the store', { error })
      hasFailed = true
    }
  }

  function flush(): Promise<void> {
    writing = writing.then(async () => {
      for (const [gatewayId, kept] of gateways) await write(gatewayId, kept)
    })
    return writing
  }

  function schedule(): void {
    if (timer !== null) return
    timer = setTimeout(() => {
      timer = null
      // A disk that is slow must not be asked again before it has answered.
      void flush()
    }, WRITE_EVERY_MS)
    timer.unref()
  }

  return {
    latest: (gatewayId) => keptOf(gatewayId).latest,
    later(gatewayId) {
      const kept = keptOf(gatewayId)
      try {
        const there = read(gatewayId)
        // By its time, not by its seq: an owner may have accepted a log that is shorter.
        if (there === null || (kept.latest !== null && there.atMs <= kept.latest.atMs)) return null
        kept.latest = there
        kept.due = null
        return there
      } catch {
        return null
      }
    },
    keep(gatewayId, head, isAccepted) {
      const kept = keptOf(gatewayId)
      if (kept.isUnreadable && !isAccepted) return
      kept.isUnreadable = false
      kept.latest = head
      kept.due = { head, isAccepted: isAccepted || kept.due?.isAccepted === true }
      schedule()
    },
    async close() {
      if (timer !== null) clearTimeout(timer)
      timer = null
      await flush()
    },
  }
}

function isBehind(head: AuditHead, there: AuditHead | null): boolean {
  return there !== null && (there.seq >= head.seq || there.atMs > head.atMs)
}
