import type { PeerEvidence } from '../locality/verdict.ts'

/** One TCP connection, seen from our end. Taken when it was made: Node forgets the addresses after close. */
export type Connection = {
  /** Canonical text of our end. */
  readonly localAddress: string
  /** Port of our end. */
  readonly localPort: number
  /** Canonical text of the other end. */
  readonly remoteAddress: string
  /** Port of the other end. */
  readonly remotePort: number
  /** Inode of our own socket, `null` when there is no descriptor to ask. */
  readonly inode: number | null
}

/** What a look-up is told besides the connection. */
export type PeerLookupOptions = {
  /** User ids, besides our own, whose processes count as ours. */
  readonly peerUsers: readonly number[]
}

/**
 * Asks the operating system who is at the other end of a loopback connection. Never rejects: a failure,
 * a time-out or a full queue is `unproven`.
 */
export type PeerLookup = {
  /** For logs and reports. */
  readonly name: string
  /** Prepares for the first look-up, so that it need not wait. Never throws; keeps no process alive. */
  start?(): void
  /** Who holds the other end. Called at most once for a connection, and again at each silent grant. */
  lookup(connection: Connection, options: PeerLookupOptions): Promise<PeerEvidence>
  /** Ends what it started, such as its thread. */
  close(): Promise<void>
}
