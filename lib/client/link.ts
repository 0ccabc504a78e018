import type { LatchkeyError } from '../errors.ts'
import { isRecord, parseJson } from '../protocol/frames.ts'
import { closedError, notTheProtocol } from './client-errors.ts'
import type { ClientPlatform } from './client-platform.ts'

/** How a connection ended. `error` is what those who wait for something are told. */
export type LinkEnd = { readonly code: number; readonly reason: string; readonly error: LatchkeyError }

/** A connection that carries frames and ends once. */
export type Link = {
  readonly end: LinkEnd | null
  send(text: string): void
  close(): void
  /** Ends it at once, with this error for those who wait. */
  terminate(error: LatchkeyError): void
  prove(challenge: unknown, deviceId: string): string | null
  /** Lifts the limit for frames of a gateway that has not let us in. */
  admitted(): void
}

export type LinkEvents = {
  onFrame(frame: Readonly<Record<string, unknown>>): void
  onEnd(end: LinkEnd): void
}

/** A hello-ok with a thousand methods fits; what a stranger could fill the memory with does not. */
const HANDSHAKE_CHARS = 256 * 1024

/** @throws {LatchkeyError} GATEWAY_UNREACHABLE for an address that cannot be one */
export function openLink(platform: ClientPlatform, url: string, events: LinkEvents): Link {
  let end: LinkEnd | null = null
  let maxChars = HANDSHAKE_CHARS

  function finish(code: number, reason: string, error?: LatchkeyError): void {
    if (end !== null) return
    end = { code, reason, error: error ?? closedError(code, reason) }
    events.onEnd(end)
  }
  function terminate(error: LatchkeyError): void {
    socket.terminate()
    finish(1006, '', error)
  }
  const socket = platform.open(url, {
    onMessage(text) {
      if (end !== null) return
      const value = text === null || text.length > maxChars ? null : parseJson(text)?.value
      if (isRecord(value)) events.onFrame(value)
      else terminate(notTheProtocol(url))
    },
    onEnd: finish,
  })
  return {
    get end() {
      return end
    },
    send: (text) => {
      if (end === null) socket.send(text)
    },
    close: () => {
      socket.close()
    },
    terminate,
    prove: (challenge, deviceId) => socket.prove(challenge, deviceId),
    admitted: () => {
      maxChars = Number.POSITIVE_INFINITY
    },
  }
}
