export type Operation =
  /** From this machine, which pairs or widens silently; or from elsewhere, once that was approved. */
  | 'connect'
  /** From elsewhere, which makes a request. */
  | 'file'
  | 'approve'
  | 'reject'
  | 'rename'
  | 'rotate'
  | 'revoke'
  | 'remove'
  | 'invite'
  | 'redeem'
  | 'revoke-invite'

/** One thing that the driver asked of the gateway, and what it heard. */
export type Attempt = {
  readonly op: Operation
  readonly deviceId: string | null
  readonly role: string
  readonly scopes: readonly string[]
  readonly isLocal: boolean
  requestId: string | null
  digest: string | null
  inviteId: string | null
  /** Where the gateway said that it is done. Until then it may or may not be. */
  isAcknowledged: boolean
  /** `refused: …` */
  refusal: string | null
  /** SHA-256 of the device token that came with the answer. */
  tokenHash: string | null
  /** Asked again after a restart, because no answer had come. */
  readonly isRetry: boolean
}

export type RoundReport = {
  readonly attempts: readonly Attempt[]
  /** What came of asking twice again for what was not answered in the round before. */
  readonly retries: readonly Retry[]
  /** Something that should not happen. */
  readonly problems: readonly string[]
}

export type Retry = { readonly op: Operation; readonly first: string; readonly second: string }

/** Line to the driver: a round to drive until the connection breaks. */
export type RoundOrder = { readonly url: string; readonly seed: number }

/** Lines of the driver: one for each answer, and the report when the gateway has gone. */
export type DriverLine = { readonly answered: string } | { readonly report: RoundReport }

/** Mulberry32: the same seed gives the same numbers. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
