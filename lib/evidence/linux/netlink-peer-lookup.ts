import '../../require-node.ts'
import { createRequire } from 'node:module'
import { LatchkeyError, rejectUnknownKeys } from '../../errors.ts'
import type { PeerLookup } from '../peer-lookup.ts'
import { threadPeerLookup, type ThreadPeerLookupOptions } from './thread-peer-lookup.ts'
import { workerScript } from './worker-client.ts'

export type { Connection, PeerLookup, PeerLookupOptions } from '../peer-lookup.ts'
export type { PeerEvidence } from '../../locality/verdict.ts'

export type NetlinkPeerLookupOptions = ThreadPeerLookupOptions

const OPTIONS = ['timeoutMs', 'minIntervalMs', 'maxWaiting'] satisfies (keyof NetlinkPeerLookupOptions)[]

/**
 * Answers what the look-up through `/proc` answers, but finds the other end of the connection through
 * netlink (sock_diag(7)): microseconds instead of milliseconds that grow with the number of sockets. Worth
 * it where many clients come that are not yours; a client of yours is looked into through `/proc` all the
 * same. Where netlink cannot be asked, as in some sandboxes, `/proc` is read instead.
 *
 * Needs Linux and the package `koffi`. Protects from no more and no less than `/proc` does.
 *
 * @throws {LatchkeyError} DEPENDENCY_MISSING without koffi, OPTION_INVALID elsewhere than on Linux, OPTION_UNKNOWN
 *
 * @example
 * const gateway = await createGateway({ store, peerLookup: netlinkPeerLookup() })
 */
export function netlinkPeerLookup(options: NetlinkPeerLookupOptions = {}): PeerLookup {
  rejectUnknownKeys('netlinkPeerLookup', options, OPTIONS)
  if (process.platform !== 'linux') {
    throw new LatchkeyError(
      'OPTION_INVALID',
      `netlinkPeerLookup works on Linux, and this is ${process.platform}: leave peerLookup out, so that the look-up of this platform is taken`,
    )
  }
  requireKoffi()
  return threadPeerLookup('netlink', workerScript('netlink-worker'), options)
}

/** Loads it, because its part for this platform is a package of its own that may be missing as well. */
function requireKoffi(): void {
  try {
    createRequire(import.meta.url)('koffi')
  } catch (cause) {
    throw new LatchkeyError(
      'DEPENDENCY_MISSING',
      'netlinkPeerLookup needs the package koffi, which cannot be loaded: run npm install koffi, or leave peerLookup out, so that /proc is read instead',
      { cause },
    )
  }
}
