import type { Weakness } from './weakness.ts'

/** How the requests were sent. */
export type Channel = 'http' | 'websocket'

/** What one request came to. */
export type Shot = {
  readonly letIn: boolean
  /** The request as it was written onto the wire. */
  readonly sent: string
  /** What came back. */
  readonly got: string
  readonly answered: boolean
}

/** An attack that the app took for a local client. */
export type AttackFinding = {
  /** What it was, in a few words. */
  readonly name: string
  /** The mistake that let it in. */
  readonly weakness: Weakness
  readonly channel: Channel
  /** The request as it was written onto the wire. */
  readonly sent: string
  /** What came back. */
  readonly got: string
  readonly why: string
  readonly change: string
}

/** Whether the attack could prove anything. */
export type ControlResult = {
  readonly channel: Channel
  /** A client that truly is local was let in. Without that, refusals mean nothing, and nothing was tried. */
  readonly localLetIn: boolean
  readonly local: Shot
  /** A plain client from elsewhere was let in: everybody is. `null` for a URL, which has no such client. */
  readonly remoteLetIn: boolean | null
  readonly remote: Shot
}

/** What became of all attacks. */
export type AttackResult = {
  /** Attacks that were sent, over all channels; the controls not counted. */
  readonly ran: number
  /** Those that could not be sent to a URL. */
  readonly skipped: number
  /** Those that got no answer within the time, or an end of the connection: not let in. */
  readonly unanswered: number
  readonly controls: readonly ControlResult[]
  readonly findings: readonly AttackFinding[]
  /** All of it for people. */
  readonly report: string
  /** @throws {LatchkeyError} TEST_FAILED with the report, when there is a finding or the attack proved nothing */
  expectSafe(): void
}
