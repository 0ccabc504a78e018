import type { PeerEvidence } from '../locality/verdict.ts'

/** One TCP connection, seen from our end. Taken when it was made: Node forgets the addresses after close. */
export type Connection = {
  readonly localAddress: string
  readonly localPort: number
  readonly remoteAddress: string
  readonly remotePort: number
  /** Inode of our own socket, `null` when there is no descriptor to ask. */
  readonly inode: number | null
}

export type PeerLookupOptions = {
  /** User ids, besides our own, whose processes count as ours. */
  readonly peerUsers: readonly number[]
}

/**
 * Asks the operating system who is at the other end of a loopback connection. Never rejects: a failure,
 * a time-out or a full queue is `unproven`.
 */
export type PeerLookup = {
  readonly name: string
  /** Prepares for the first look-up, so that it need not wait. Never throws; keeps no process alive. */
  start?(): void
  lookup(connection: Connection, options: PeerLookupOptions): Promise<PeerEvidence>
  close(): Promise<void>
}
