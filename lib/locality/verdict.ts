/** The stable code of the rule that decided; `local` when no rule failed. */
export type LocalityReason =
  | 'local'
  | 'peer-unknown'
  | 'headers-truncated'
  | 'public-listener'
  | 'peer-not-loopback'
  | 'host-missing'
  | 'host-duplicate'
  | 'host-malformed'
  | 'host-not-local'
  | 'target-mismatch'
  | 'forwarding-untrusted'
  | 'forwarding-incomplete'
  | 'forwarding-malformed'
  | 'forwarding-conflict'
  | 'forwarding-foreign'
  | 'hop-untrusted'
  | 'hop-not-loopback'
  | 'forwarding-tampered'
  | 'peer-unproven'
  | 'peer-other-user'
  | 'peer-relay'
  | 'peer-outbound'
  | 'proxy-seen'

/** How sure a verdict is, weakest first. `none` goes with every client that is not local. */
export type Assurance = 'none' | 'headers' | 'same-user' | 'private-listener' | 'local-secret'

/** One rule of the decision, in the order in which they were asked. A trace always has all ten. */
export type TraceEntry = {
  /** The code with which this rule failed, or would have failed. */
  readonly rule: Exclude<LocalityReason, 'local'>
  /** `skip`: a rule before it had failed, or it does not apply. */
  readonly outcome: 'pass' | 'fail' | 'skip'
  /** What the rule looked at, for people. Client-supplied text is cut and cleaned of control characters. */
  readonly saw: string
}

/** Where a client is, how sure that is, and why. */
export type LocalityVerdict = {
  /** Whether the client is on this machine, as far as can be proved. */
  readonly isLocal: boolean
  /** `direct`: local, nobody in between. `proxied`: local, through trusted proxies. `remote`: not local. */
  readonly kind: 'direct' | 'proxied' | 'remote'
  /** How sure that is. */
  readonly assurance: Assurance
  /** Canonical text (RFC 5952; `::ffff:a.b.c.d` is written `a.b.c.d`), `null` when it cannot be known. */
  readonly clientAddress: string | null
  /** The rule that decided; `local` when none failed. */
  readonly reason: LocalityReason
  /** All ten rules, in the order in which they were asked. */
  readonly trace: readonly TraceEntry[]
  /** May pair silently: local, `direct`, and not on behalf of a page from elsewhere. */
  readonly silent: boolean
  /** What the operator should do, when there is something to do. */
  readonly advice?: string
}

/** What the kernel says of the process at the other end of a connection. */
export type PeerEvidence = {
  /**
   * `same-user`: a process of ours that shows no sign of passing on other people's requests.
   * `other-user`: somebody else's. `relay`: it shows such a sign. `outbound`: it is connected to another
   * machine. `unproven`: the kernel could not be asked, or its answer is not conclusive.
   */
  readonly status: 'same-user' | 'other-user' | 'relay' | 'outbound' | 'unproven'
  /** The user id of the process, when it is known. */
  readonly uid?: number
  /** Name of the process, as the kernel has it. */
  readonly process?: string
  /** What decided, in words; `own-process` when the peer is this very process. */
  readonly sign?: string
  /**
   * Who holds the other end, for remembering; with `same-user`, `relay` and `outbound`, when holders were
   * looked at. Absent when it is this very process alone. A pid is used again: the start time (as the
   * operating system counts it, to be compared and nothing else) tells its users apart.
   */
  readonly holders?: readonly {
    /** Process id. */
    readonly pid: number
    /** To be compared, and nothing else. */
    readonly startTime: string
  }[]
}

/** One request as it arrived, before anybody interpreted it. */
export type RequestFacts = {
  /** `unix`: an app's own Unix socket; `private`: a listener that Latchkey opened for local clients alone. */
  readonly transport: 'tcp' | 'unix' | 'private'
  /** Captured when the connection was made; `null` when it is not known. */
  readonly remoteAddress: string | null
  /** Our own end of the connection. */
  readonly localAddress?: string | null
  /** `'1.0'`, `'1.1'`, `'2.0'`. */
  readonly httpVersion: string
  /** The request target as it was sent. */
  readonly url: string
  /** name, value, name, value, … as it was received. */
  readonly rawHeaders: readonly string[]
  /** How many fields the parser keeps, when it drops what is beyond. */
  readonly headerLimit?: number
  /** The request asks for a WebSocket. */
  readonly upgrade?: boolean
  /** The standing that the operator gave the listener. */
  readonly listener?: 'public' | 'local'
  /** The client proved that it can read the gateway's secret file. */
  readonly localSecret?: boolean
  /** The process at the other end, or this gateway, was seen to speak for others. */
  readonly tainted?: boolean
  /** What the kernel said, when it was asked. */
  readonly peer?: PeerEvidence
}
