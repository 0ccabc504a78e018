import type { LatchkeyError } from '../errors.ts'

/** Starts a timer; the function that it returns ends it early. */
export type StartTimer = (callback: () => void, ms: number) => () => void

export type SocketEvents = {
  /** `null` for a binary message. */
  onMessage(text: string | null): void
  /** Once. `error` says why it never opened, or broke; an orderly close has none. */
  onEnd(code: number, reason: string, error?: LatchkeyError): void
}

/** A WebSocket. What is sent while it does not stand is dropped; `onEnd` tells. */
export type ClientSocket = {
  send(text: string): void
  /** Orderly, and over within a second whatever the other side does. */
  close(): void
  /** At once. */
  terminate(): void
  /** The proof that this client can read the gateway's secret, where the platform can give it. */
  prove(challenge: unknown, deviceId: string): string | null
}

/** What differs between Node and a browser. */
export type ClientPlatform = {
  /** As it is told to the gateway: `linux`, `web`. */
  readonly name: string
  /** @throws {LatchkeyError} GATEWAY_UNREACHABLE for an address that cannot be one */
  open(url: string, events: SocketEvents): ClientSocket
  sha256(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>
  readonly startTimer: StartTimer
}
