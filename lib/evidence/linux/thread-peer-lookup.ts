import type { PeerLookup } from '../peer-lookup.ts'
import { snapshotQueue } from './snapshot-queue.ts'
import { workerClient } from './worker-client.ts'

/** @inline */
export type ThreadPeerLookupOptions = {
  /** How long one look-up may take, waiting included. Default 5000. */
  readonly timeoutMs?: number
  /** Rest between two snapshots, so that strangers cannot keep a core busy. Default 50. */
  readonly minIntervalMs?: number
  /** Look-ups beyond these are refused at once. Default 256. */
  readonly maxWaiting?: number
}

/** A look-up whose work is done by `script` in a thread of its own, in snapshots that waiting look-ups share. */
export function threadPeerLookup(name: string, script: URL, options: ThreadPeerLookupOptions): PeerLookup {
  const timeoutMs = options.timeoutMs ?? 5000
  // Longer than anybody waits: it only replaces a thread that is stuck.
  const worker = workerClient(timeoutMs * 2, script)
  const queue = snapshotQueue((questions) => worker.snapshot(questions), {
    timeoutMs,
    minIntervalMs: options.minIntervalMs ?? 50,
    maxWaiting: options.maxWaiting ?? 256,
  })
  let isClosed = false
  return {
    name,
    start() {
      if (!isClosed) worker.start()
    },
    lookup: (connection, { peerUsers }) => queue.ask({ connection, peerUsers }),
    async close() {
      isClosed = true
      queue.close()
      await worker.close()
    },
  }
}
