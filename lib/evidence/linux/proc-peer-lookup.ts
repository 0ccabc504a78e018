import type { PeerLookup } from '../peer-lookup.ts'
import { threadPeerLookup, type ThreadPeerLookupOptions } from './thread-peer-lookup.ts'
import { workerScript } from './worker-client.ts'

export type ProcPeerLookupOptions = ThreadPeerLookupOptions

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
  return threadPeerLookup('proc', workerScript('peer-worker'), options)
}
