import type { LocalSecretOffer } from './local-proof.ts'
import type { VerificationOffer } from './verification-code.ts'

/** The payload that answers `connect` when the client may stay. */
export type HelloOk = {
  /** Tells it from other payloads. */
  readonly type: 'hello-ok'
  /** The version that both speak from here on. */
  readonly protocol: number
  /** Who answers. */
  readonly server: {
    /** Of Latchkey, or of another gateway. */
    readonly version: string
    /** Names this connection, for logs. */
    readonly connId: string
  }
  /** What this device may use. */
  readonly features: {
    /** Names of methods. */
    readonly methods: readonly string[]
    /** Names of events. */
    readonly events: readonly string[]
  }
  /** How things stood when it connected. */
  readonly snapshot: {
    /** Always empty: Latchkey tells nobody who else is there. */
    readonly presence: readonly never[]
    /** That the gateway answers. */
    readonly health: {
      /** Always true. */
      readonly ok: true
      /** Milliseconds since the epoch. */
      readonly ts: number
    }
    /** Counters that clients of the protocol compare. */
    readonly stateVersion: {
      /** Of `presence`. */
      readonly presence: number
      /** Of `health`. */
      readonly health: number
    }
    /** How long the gateway has been running, in milliseconds. */
    readonly uptimeMs: number
  }
  /** What this connection may do. */
  readonly auth: {
    /** Of this connection. */
    readonly role: string
    /** Of this connection. */
    readonly scopes: readonly string[]
    /** Only when it was newly made: the gateway keeps a hash and cannot say it again. */
    readonly deviceToken?: string
    /** When the token was made, in milliseconds since the epoch. */
    readonly issuedAtMs?: number
  }
  /** What the gateway allows. */
  readonly policy: {
    /** The most that one frame may have, in bytes. */
    readonly maxPayload: number
    /** What may wait to be sent before a slow client is cut off, in bytes. */
    readonly maxBufferedBytes: number
    /** How often it gives a sign of life, in milliseconds. */
    readonly tickIntervalMs: number
  }
}

/** The payload of the event `connect.challenge`. */
export type Challenge = {
  readonly nonce: string
  readonly ts: number
  readonly gatewayId: string
  /** Absent from gateways that make no verification codes. */
  readonly verification?: VerificationOffer
  /** For a client that sent a nonce of its own with the upgrade. */
  readonly localSecret?: LocalSecretOffer
}
