import type { PeerEvidence } from '../locality/verdict.ts'

/** A connection as a test wants it to be seen. */
export type SimulatedConnection = {
  readonly transport: 'tcp' | 'unix'
  readonly remoteAddress: string | null
  /** What the kernel would say of the other end. */
  readonly peer: PeerEvidence
}

const simulated = new WeakMap<object, SimulatedConnection>()

/**
 * Makes one socket look like another connection, to Latchkey and to the app. Only `latchkey/testing` calls it.
 * The key is the socket object itself, which no request can name, so no request can bring it about: somebody who
 * runs code in this process does not need it.
 */
export function simulateConnection(socket: object, connection: SimulatedConnection): void {
  const { transport, remoteAddress } = connection
  simulated.set(socket, connection)
  // Express and the app's own code read these; the accessors of the prototype would tell the real ones.
  const address = remoteAddress ?? undefined
  const family = address === undefined ? undefined : address.includes(':') ? 'IPv6' : 'IPv4'
  const shown = { remoteAddress: address, remoteFamily: family, ...(transport === 'unix' ? { remotePort: undefined } : {}) } // prettier-ignore
  for (const [name, value] of Object.entries(shown))
    Object.defineProperty(socket, name, { value, configurable: true, enumerable: true })
}

/** What was made of a socket; `undefined` for every real one. */
export function simulatedConnection(socket: object): SimulatedConnection | undefined {
  return simulated.get(socket)
}
