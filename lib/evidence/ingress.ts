import type { Server } from 'node:net'
import { LatchkeyError } from '../errors.ts'
import { canonicalAddress, isLoopbackAddress } from '../locality/address.ts'

/** `public`: strangers reach it, so nobody is local on it. `local`: no proxy was given it. */
export type IngressMark = 'public' | 'local'

const marks = new WeakMap<object, IngressMark | 'private'>()

/**
 * Gives a listener its standing. `public` makes everybody on it remote, whatever else is known. `local` says
 * that no proxy or tunnel was ever pointed at it: what the kernel proves there counts as `private-listener`.
 * It adds to the kernel's word and never replaces it, because a loopback port is open to every user of the
 * host.
 *
 * @throws {LatchkeyError} OPTION_INVALID for something that is no server, another mark, or `local` for a server
 *   that listens on more than loopback
 */
export function markIngress(server: Server, mark: IngressMark): void {
  if (typeof (server as Server | undefined)?.address !== 'function') {
    throw new LatchkeyError('OPTION_INVALID', 'markIngress: expected a server, such as that of app.listen()')
  }
  if (!['public', 'local'].includes(mark)) {
    throw new LatchkeyError(
      'OPTION_INVALID',
      `markIngress: got ${JSON.stringify(mark)}, expected "public" or "local"`,
    )
  }
  const address = server.address()
  if (mark === 'local' && typeof address === 'object' && address !== null) {
    const canonical = canonicalAddress(address.address)
    if (canonical === null || !isLoopbackAddress(canonical)) {
      const message = `markIngress: "local" is for loopback, but the server listens on ${address.address}`
      throw new LatchkeyError('OPTION_INVALID', message)
    }
  }
  marks.set(server, mark)
}

/** For listeners that Latchkey opens itself, in a folder that is ours alone. */
export function markPrivate(server: Server): void {
  marks.set(server, 'private')
}

/** The standing of the server that accepted a socket, if it was given one. */
export function ingressOf(server: object | undefined): IngressMark | 'private' | undefined {
  return server === undefined ? undefined : marks.get(server)
}
