import { createHmac, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { NoticeChannel } from './notifier.ts'

const TIMEOUT_MS = 5000
const ATTEMPTS = 3

/**
 * Posts a notice, signed as Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`. Tries three times; the id
 * stays the same, so that a receiver can tell a repetition. Follows no redirect.
 */
export function webhookChannel(
  { url, secret }: { readonly url: string; readonly secret: Buffer },
  pauseMs = 1000,
): NoticeChannel {
  async function post(id: string, body: string): Promise<void> {
    const timestamp = String(Math.floor(Date.now() / 1000))
    const signature = createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64')
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        'Content-Type': 'application/json',
        'User-Agent': 'latchkey',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${signature}`,
      },
      body,
    })
    await response.body?.cancel()
    if (!response.ok) throw new Error(`HTTP ${response.status}`)
  }

  return {
    name: 'webhook',
    async send(notice) {
      const id = `msg_${randomUUID()}`
      const body = JSON.stringify(notice)
      for (let attempt = 1; ; attempt += 1) {
        try {
          await post(id, body)
          return
        } catch (error) {
          if (attempt === ATTEMPTS) throw error
          await sleep(pauseMs * 2 ** (attempt - 1), undefined, { ref: false })
        }
      }
    },
  }
}
