import type { PeerLookup } from '../peer-lookup.ts'
import { snapshotQueue } from './snapshot-queue.ts'
import { workerClient } from './worker-client.ts'

export type ProcPeerLookupOptions = {
  /** How long one look-up may take, waiting included. Default 5000. */
  readonly timeoutMs?: number
  /** Rest between two snapshots, so that strangers cannot keep a core busy. Default 50. */
  readonly minIntervalMs?: number
  /** Look-ups beyond these are refused at once. Default 256. */
  readonly maxWaiting?: number
}

/**
 * Asks Linux, through `/proc`, which process is at the other end of a loopback connection, and whether that
 * process shows signs of speaking for somebody else. Works in a thread of its own, started by `start`
 * or the first look-up; keeps no process alive.
 *
 * It sees what processes hold at that moment. It does not see requests that reach a tool of ours through a
 * pipe or terminal (`ssh you@host curl …`), nor a relay that has closed everything but its connection to us
 * again, nor one whose only contact to strangers is another local process. Processes of this user that this
 * process may not look into are refused; that is so in a pid or user namespace without the right to look.
 */
export function procPeerLookup(options: ProcPeerLookupOptions = {}): PeerLookup {
  const timeoutMs = options.timeoutMs ?? 5000
  // Longer than anybody waits: it only replaces a thread that is stuck.
  const worker = workerClient(timeoutMs * 2)
  const queue = snapshotQueue((questions) => worker.snapshot(questions), {
    timeoutMs,
    minIntervalMs: options.minIntervalMs ?? 50,
    maxWaiting: options.maxWaiting ?? 256,
  })
  let isClosed = false
  return {
    name: 'proc',
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
