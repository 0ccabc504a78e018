import { createHash } from 'node:crypto'
import type { Client } from 'pg'

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 10_000
/** How often the connection is tried: one that is dead without a word would be taken for a quiet one. */
const TRIED_EVERY_MS = 30_000

/** The channel of a schema: within a database, everybody may use any name. */
export function wakeChannel(schema: string): string {
  return `latchkey_${createHash('sha256').update(schema).digest('hex').slice(0, 24)}`
}

export type WakeListener = {
  readonly subscribe: (listener: () => void) => () => void
  close(): Promise<void>
}

/**
 * Listens on a connection of its own, from the first subscription on, and connects again whenever that is lost.
 * Wakes at every new connection too, since something may have been missed.
 */
export function wakeListener(connect: () => Client, channel: string): WakeListener {
  const listeners = new Set<() => void>()
  let client: Client | null = null
  let timer: NodeJS.Timeout | null = null
  let pauseMs = FIRST_PAUSE_MS
  let isStarted = false
  let isClosed = false

  const wake = (): void => {
    for (const listener of listeners) listener()
  }

  async function start(): Promise<void> {
    timer = null
    const made = connect()
    client = made
    const lost = (): void => {
      if (client !== made) return
      client = null
      void made.end().catch(() => undefined)
      again()
    }
    made.on('error', lost)
    made.on('end', lost)
    made.on('notification', wake)
    try {
      await made.connect()
      await made.query(`listen ${channel}`)
    } catch {
      lost()
      return
    }
    if (client !== made) return
    pauseMs = FIRST_PAUSE_MS
    wake()
    tryIn(made, lost)
  }

  function tryIn(made: Client, lost: () => void): void {
    if (client !== made || isClosed) return
    timer = setTimeout(() => {
      timer = null
      made.query('select 1').then(() => tryIn(made, lost), lost)
    }, TRIED_EVERY_MS)
    timer.unref()
  }

  function again(): void {
    if (isClosed) return
    if (timer !== null) clearTimeout(timer)
    timer = setTimeout(() => void start(), pauseMs * (0.5 + Math.random() / 2))
    timer.unref()
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
  }

  return {
    subscribe(listener) {
      // A function of its own, so that one listener may be there twice.
      const entry = (): void => listener()
      listeners.add(entry)
      if (!isStarted && !isClosed) {
        isStarted = true
        void start()
      }
      return () => void listeners.delete(entry)
    },
    async close() {
      isClosed = true
      listeners.clear()
      if (timer !== null) clearTimeout(timer)
      const open = client
      client = null
      await open?.end().catch(() => undefined)
    },
  }
}
