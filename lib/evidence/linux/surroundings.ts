import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { canonicalAddress, isLoopbackAddress } from '../../locality/address.ts'
import type { SocketTable } from './socket-table.ts'

/** What the sockets of a process are judged against. */
export type Surroundings = {
  readonly table: SocketTable
  /** Sockets that this very process holds, our end of the connection among them. */
  readonly ownInodes: ReadonlySet<number>
  isOnHost(address: string): boolean
  /** The port is one that the kernel hands out to those who connect. */
  isEphemeral(port: number): boolean
}

/** Loopback, or an address of this host in this network namespace, as it is now. */
export function hostAddresses(): (address: string) => boolean {
  const own = new Set<string | null>()
  for (const entry of Object.values(networkInterfaces()).flat()) {
    if (entry !== undefined) own.add(canonicalAddress(entry.address))
  }
  return (address) => isLoopbackAddress(address) || own.has(address)
}

export function ephemeralPorts(): (port: number) => boolean {
  const [low, high] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1').trim().split(/\s+/)
  return (port) => port >= Number(low) && port <= Number(high)
}
