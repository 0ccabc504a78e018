import type { Socket } from 'node:net'
import type { ConnectionFacts } from './connection-facts.ts'
import { canonicalAddress } from '../locality/address.ts'

/** The two ends of a TCP connection; both sides must write them alike. */
export type Ends = {
  readonly clientAddress: string
  readonly clientPort: number
  readonly gatewayAddress: string
  readonly gatewayPort: number
}

/**
 * Names one TCP connection, the same at both of its ends: what a proof is bound to, so that whoever passes it
 * on over a connection of his own passes on nothing. `null` when an address is not known.
 */
function channelName({ clientAddress, clientPort, gatewayAddress, gatewayPort }: Ends): string | null {
  const client = canonicalAddress(clientAddress)
  const gateway = canonicalAddress(gatewayAddress)
  return client === null || gateway === null ? null : `${client} ${clientPort} ${gateway} ${gatewayPort}`
}

/** The name of a client's connection. Over a Unix socket there are no addresses: `unix`. */
export function clientChannel(socket: Socket): string | null {
  const { localAddress, localPort, remoteAddress, remotePort } = socket
  if (localAddress === undefined && remoteAddress === undefined) return 'unix'
  if (localAddress === undefined || localPort === undefined) return null
  if (remoteAddress === undefined || remotePort === undefined) return null
  return channelName({
    clientAddress: localAddress,
    clientPort: localPort,
    gatewayAddress: remoteAddress,
    gatewayPort: remotePort,
  })
}

/** The name of a connection that a gateway accepted. */
export function gatewayChannel(facts: ConnectionFacts): string | null {
  if (facts.transport === 'unix') return 'unix'
  if (facts.connection === null) return null
  const { remoteAddress, remotePort, localAddress, localPort } = facts.connection
  return channelName({
    clientAddress: remoteAddress,
    clientPort: remotePort,
    gatewayAddress: localAddress,
    gatewayPort: localPort,
  })
}
