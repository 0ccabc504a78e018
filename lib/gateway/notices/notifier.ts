import type { PairingEvent } from '../../pairing/index.ts'
import type { Logger } from '../logger.ts'
import type { NoticeOptions } from './notice-options.ts'
import { NoticeDraft, type Notice } from './notice.ts'

/** A receiver that does not answer must not keep the gateway from ending. */
const CLOSE_MS = 3000

/** Carries a notice somewhere; rejects when it could not. */
export type NoticeChannel = { readonly name: string; send(notice: Notice): Promise<void> }

/**
 * Tells the owner of new requests and of what was given without asking: the first at once, and all that
 * happens in the window after it in one message at its end. A flood of devices is one message a window.
 */
export type Notifier = {
  note(event: PairingEvent): void
  /** Sends what waits, and waits until it is sent, three seconds at most. */
  close(): Promise<void>
}

export function notifier(
  options: Required<Pick<NoticeOptions, 'windowMs' | 'silentGrants'>>,
  channels: readonly NoticeChannel[],
  gatewayId: () => string,
  logger: Logger,
): Notifier {
  let draft: NoticeDraft | null = null
  let window: NodeJS.Timeout | null = null
  const underWay = new Set<Promise<void>>()

  function send(notice: Notice): void {
    for (const channel of channels) {
      const sending = channel.send(notice).catch((error: unknown) => {
        logger.error(`a notice could not be sent (${channel.name})`, { error: String(error) })
      })
      underWay.add(sending)
      void sending.finally(() => underWay.delete(sending))
    }
  }

  function flush(): void {
    const ready = draft
    draft = null
    if (ready === null || ready.isEmpty) {
      window = null
      return
    }
    send(ready.finish(gatewayId()))
    openWindow()
  }

  function openWindow(): void {
    window = setTimeout(flush, options.windowMs)
    window.unref()
  }

  return {
    note(event) {
      if (channels.length === 0 || !isTold(event, options.silentGrants)) return
      draft ??= new NoticeDraft(Date.now())
      draft.add(event)
      if (window === null) flush()
    },
    async close() {
      if (window !== null) clearTimeout(window)
      if (draft !== null && !draft.isEmpty) send(draft.finish(gatewayId()))
      draft = null
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, CLOSE_MS)))
      await Promise.race([Promise.all(underWay), late])
      clearTimeout(timer)
    },
  }
}

function isTold(event: PairingEvent, silentGrants: boolean): boolean {
  return event.kind === 'requested' || (event.kind === 'granted' && silentGrants)
}
