import { randomUUID } from 'node:crypto'
import { hostIdentity } from '../../evidence/index.ts'
import type { NodeIdentity, NodeRecord, PairingStore } from '../../pairing/index.ts'
import type { Logger } from '../logger.ts'

/** The gateways of this process: another one with the same number of process may have been its predecessor. */
const living = new Set<string>()

export type ThisNode = NodeIdentity & {
  /** True for a node of this host whose process has ended. */
  isGone(node: NodeRecord): boolean
  close(): void
}

/** @param host the option; `null`: found out */
export function thisNode(host: string | null, store: PairingStore, logger: Logger): ThisNode {
  const id = randomUUID()
  const self = { id, host: host ?? hostIdentity() ?? unknownHost(store, logger), pid: process.pid }
  living.add(id)
  return {
    ...self,
    // An unknown host may be any.
    isGone: (node) => node.host !== '' && node.host === self.host && !isRunning(node),
    close: () => void living.delete(id),
  }
}

/**
 * A store that is not shared is on this host, whichever that is. Beside others a host without a name of its own
 * honours what was given silently since this start alone.
 */
function unknownHost(store: PairingStore, logger: Logger): string {
  if (store.isShared !== true) return ''
  logger.warn(
    'this host has no machine id, so what it pairs silently is forgotten with each start: set the option host to ' +
      'a name that no other host of this store has',
  )
  return `start-${randomUUID()}`
}

function isRunning({ id, pid }: NodeRecord): boolean {
  if (pid === process.pid) return living.has(id)
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // EPERM: there is one, of another user.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
