import type { LocalSecretOffer } from './local-proof.ts'
import type { VerificationOffer } from './verification-code.ts'

/** The payload that answers `connect` when the client may stay. */
export type HelloOk = {
  readonly type: 'hello-ok'
  readonly protocol: number
  readonly server: { readonly version: string; readonly connId: string }
  readonly features: { readonly methods: readonly string[]; readonly events: readonly string[] }
  readonly snapshot: {
    readonly presence: readonly never[]
    readonly health: { readonly ok: true; readonly ts: number }
    readonly stateVersion: { readonly presence: number; readonly health: number }
    readonly uptimeMs: number
  }
  readonly auth: {
    readonly role: string
    readonly scopes: readonly string[]
    /** Only when it was newly made: the gateway keeps a hash and cannot say it again. */
    readonly deviceToken?: string
    readonly issuedAtMs?: number
  }
  readonly policy: {
    readonly maxPayload: number
    readonly maxBufferedBytes: number
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
