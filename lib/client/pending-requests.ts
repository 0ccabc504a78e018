import { LatchkeyError } from '../errors.ts'
import { refusedError } from './client-errors.ts'
import type { StartTimer } from './client-platform.ts'

/** How one request waits. */
export type RequestOptions = {
  /** How long to wait for the answer, in milliseconds. Default: that of the connection. */
  timeoutMs?: number
  /** Stops waiting; what was sent may still be carried out. */
  signal?: AbortSignal
}

type Pending = { resolve(payload: unknown): void; reject(error: unknown): void }

/** The requests of one connection that wait for their answers. */
export type PendingRequests = {
  /** Sends with a new id, and waits for the answer to that. */
  add(
    method: string,
    timeoutMs: number,
    signal: AbortSignal | undefined,
    send: (id: string) => void,
  ): Promise<unknown>
  /** A frame of type `res`; one that nobody waits for is dropped. */
  settle(frame: Readonly<Record<string, unknown>>): void
  failAll(error: LatchkeyError): void
}

export function pendingRequests(startTimer: StartTimer): PendingRequests {
  const pending = new Map<string, Pending>()
  let lastId = 0

  const add: PendingRequests['add'] = (method, timeoutMs, signal, send) => {
    lastId += 1
    const id = String(lastId)
    return new Promise((resolve, reject) => {
      send(id)
      const cancel = startTimer(() => {
        entry.reject(
          new LatchkeyError('TIMEOUT', `no answer to ${method} within ${timeoutMs} ms`, {
            details: { method, timeoutMs },
          }),
        )
      }, timeoutMs)
      const settled = (): void => {
        pending.delete(id)
        cancel()
        signal?.removeEventListener('abort', onAbort)
      }
      const entry: Pending = {
        resolve(payload) {
          settled()
          resolve(payload)
        },
        reject(error) {
          settled()
          // A signal's reason is whatever its owner chose.
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
          reject(error)
        },
      }
      const onAbort = (): void => {
        entry.reject(signal?.reason)
      }
      signal?.addEventListener('abort', onAbort)
      pending.set(id, entry)
    })
  }

  return {
    add,
    settle({ id, ok, payload, error }) {
      const entry = typeof id === 'string' ? pending.get(id) : undefined
      if (ok === true) entry?.resolve(payload)
      else entry?.reject(refusedError(error))
    },
    failAll(error) {
      for (const entry of [...pending.values()]) entry.reject(error)
    },
  }
}
